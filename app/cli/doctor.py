"""The command that examines a living set-up and the files it is made from."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from app.doctor.examination import Examination, examine
from app.settings import Sources

_SIGNS: Final = {"good": "✓", "warning": "!", "wrong": "✗", "skipped": "-"}
_COLOURS: Final = {"good": "green", "warning": "yellow", "wrong": "red", "skipped": None}


@click.command("doctor")
@click.option(
    "--files",
    "folder",
    is_flag=False,
    flag_value=".",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="[DIR]",
    help="Look at the files to update together as well: adapter, .env, compose, .env.production.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
def doctor(folder: Path | None, *, as_json: bool) -> None:
    """Examine settings, databases, broker, model and work; exit with 0 only where all is sound."""
    found = examine(Sources.read(), folder or Path(), with_files=folder is not None)
    if as_json:
        click.echo(found.json())
    else:
        _print(found)
    sys.exit(0 if found.sound else 1)


def _print(found: Examination) -> None:
    click.secho("where each value came from", bold=True)
    for value in found.values:
        click.echo(f"  {value.name:<28} {value.shown}  ({value.origin})")
    for topic, findings in groupby(found.findings, key=lambda finding: finding.topic):
        click.secho(f"\n{topic}", bold=True)
        for one in findings:
            sign = click.style(_SIGNS[one.status], fg=_COLOURS[one.status])
            says = one.says.replace("\n", "\n      ")
            click.echo(f"  {sign} {one.name}: {says}")
            if one.fix:
                click.echo(f"      → {one.fix}")
    wrong = sum(finding.status == "wrong" for finding in found.findings)
    click.echo()
    click.echo("Everything is sound." if found.sound else f"{wrong} wrong.")


COMMANDS = [doctor]
