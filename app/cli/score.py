"""Commands that measure how much the project holds of what it promises."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.errors import ReciprocityError
from app.score.report import as_json, table, versions
from app.score.run import wrong_database


class ScoreError(ReciprocityError):
    """A fault was missed, a right use refused, or a wall stands alone."""

    code = "score"


@click.group()
def score() -> None:
    """Measure what the walls between the two databases hold back, on throw-away servers."""


@score.command("wrong-database")
@click.option("--short", is_flag=True, help="A sample that holds every family, in half a minute.")
@click.option(
    "--json", "file", type=click.Path(path_type=Path), help="Write every fault into this FILE too."
)
def wrong_database_command(*, short: bool, file: Path | None) -> None:
    """Try every way to reach the wrong database; print what was detected before any row."""
    made, postgres = wrong_database(short=short, say=lambda line: click.echo(f"… {line}", err=True))
    about = versions(postgres) | ({"run": "short"} if short else {"run": "full"})
    if file is not None:
        text = json.dumps(as_json(made, about), indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
    click.echo(table(made, about))
    if not made.perfect():
        raise ScoreError(
            "The score is not whole: see MISSED, REFUSED and the walls taken away above."
        )


COMMANDS = [score]
