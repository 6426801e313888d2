"""Measure match quality and speed, each figure beside its baselines."""

from __future__ import annotations

import importlib.util
import itertools
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from app.errors import ReciprocityError
from app.evaluation import quality, speed_parts, speed_tables, tables
from app.evaluation.progress import Teller
from app.evaluation.speed_ground import Ground
from app.workers.relay import Relay

_REPORTS: Final = Path("docs/reports")
_PIECES: Final = 2  # vectors, then matches; what the worker looks for afterwards is nobody's wait


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
    "--only",
    "parts",
    type=click.Choice(speed_parts.PARTS),
    multiple=True,
    help="A part to measure: members (databases and searches), everybody, rounds. Again for more.",
)
@click.option(
    "--size",
    "--members",
    "sizes",
    type=click.IntRange(min=300),
    multiple=True,
    help="A number of members; may be given again. Without it each part's own, up to 100,000.",
)
@click.option(
    "--resume", is_flag=True, help="Keep what speed.json holds already and measure the rest."
)
@click.option(
    "--index/--no-index", default=True, help="Build and ask indexes (minutes at 100,000 members)."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=_REPORTS,
    show_default=True,
    help="Folder of the report, its pictures, and speed.json with the bare figures.",
)
@click.option("--pictures/--no-pictures", default=True, help="Draw PNG files (extra `measure`).")
def benchmark(
    parts: tuple[str, ...],
    sizes: tuple[int, ...],
    out: Path,
    *,
    resume: bool,
    index: bool,
    pictures: bool,
) -> None:
    """Measure speed and memory, each figure beside its baselines.

    What was measured is kept in speed.json at once, and the report shows all that it holds: a part
    that is measured again takes the place of the old one, and `--resume` goes on after a stop.
    """
    _check_pictures(pictures=pictures)
    file = out / "speed.json"
    chosen = [
        (part, size)
        for part in parts or speed_parts.PARTS
        for size in sorted(sizes or speed_parts.SIZES[part])
    ]
    if resume:
        kept = speed_parts.kept_in(file)
        chosen = [(part, size) for part, size in chosen if str(size) not in kept.get(part, {})]
    begun = time.monotonic()
    click.echo(", ".join(f"{part} {size:,}" for part, size in chosen) or "nothing left", err=True)
    for part, size in speed_parts.measure(chosen, file, _look, Teller(), index=index):
        click.echo(f"{part} {size:,} done, {time.monotonic() - begun:.0f} s so far", err=True)
    words = [*(f"--only {part}" for part in parts), *(f"--size {size}" for size in sizes)]
    command = " ".join(["reciprocity benchmark", *words])
    made = speed_tables.tables(speed_parts.kept_in(file))
    for table in made:
        click.echo(tables.text(table))
    _report(made, out, "speed.md", "Speed", command, pictures=pictures)


def _look(on: Ground) -> int:
    """Do the two pieces of work that an approval leads to, as the worker does when it is rung."""
    looks = itertools.count()
    return Relay(on.databases, on.embedder).look(stop=lambda: next(looks) == _PIECES)


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
