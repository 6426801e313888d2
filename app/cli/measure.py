"""Measure match quality and speed, each figure beside its baselines."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from app.errors import ReciprocityError
from app.evaluation import quality, rounds, speed, tables

_REPORTS: Final = Path("docs/reports")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(quality.MEASUREMENTS)))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=_REPORTS,
    show_default=True,
    help="Folder of the report and its pictures.",
)
@click.option("--pictures/--no-pictures", default=True, help="Draw PNG files (extra `measure`).")
def evaluate(names: tuple[str, ...], out: Path, *, pictures: bool) -> None:
    """Measure match quality, fairness and exposure (all, or NAMES only)."""
    _check_pictures(pictures=pictures)
    chosen = names or tuple(quality.MEASUREMENTS)
    made = _told(quality.measure(chosen))
    command = " ".join(["reciprocity evaluate", *names])
    _report(made, out, "quality.md", "Match quality", command, pictures=pictures)


@click.command()
@click.option(
    "--members",
    "sizes",
    type=click.IntRange(min=100),
    multiple=True,
    help="A size to measure; may be given again. Without it: 3,000 to 100,000.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=_REPORTS,
    show_default=True,
    help="Folder of the report and its pictures.",
)
@click.option("--pictures/--no-pictures", default=True, help="Draw PNG files (extra `measure`).")
def benchmark(sizes: tuple[int, ...], out: Path, *, pictures: bool) -> None:
    """Measure speed and memory of matching everybody and of rounds."""
    _check_pictures(pictures=pictures)
    chosen = sizes or speed.SIZES

    def all_tables() -> Iterable[tables.Table]:
        yield speed.everybody(chosen, lambda line: click.echo(line, err=True))
        yield rounds.popularity(max(chosen))

    command = " ".join(["reciprocity benchmark", *(f"--members {size}" for size in sizes)])
    _report(_told(all_tables()), out, "speed.md", "Speed", command, pictures=pictures)


def _check_pictures(*, pictures: bool) -> None:
    """Say before minutes of measuring, not after, that nothing can be drawn."""
    if pictures and importlib.util.find_spec("matplotlib") is None:
        raise ReciprocityError(
            "Pictures need matplotlib, which is in the extra `measure`: install"
            " requirements/measure.txt, or say --no-pictures."
        )


def _told(made: Iterable[tables.Table]) -> list[tables.Table]:
    kept, begun = [], time.monotonic()
    for table in made:
        click.echo(tables.text(table))
        click.echo(f"  ({time.monotonic() - begun:.0f} s so far)\n", err=True)
        kept.append(table)
    return kept


def _report(
    made: list[tables.Table], out: Path, name: str, title: str, command: str, *, pictures: bool
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    if pictures:
        drawn = [path for table in made if (path := tables.draw(table, out))]
    (out / name).write_text(tables.markdown(made, title, command, drawn), encoding="utf-8")
    click.echo(f"Report: {out / name}")


COMMANDS = [evaluate, benchmark]
