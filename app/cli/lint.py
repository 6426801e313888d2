"""The command that lints a project on two databases, this one or somebody else's."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.databases.names import Database
from app.lint import rules, tables
from app.lint.findings import Format, told
from app.lint.linter import DOOR, Options
from app.lint.linter import lint as find


def _explain(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if value:
        click.echo(rules.explained())
        context.exit()


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--dictionary",
    type=click.Path(path_type=Path),
    help='TOML or JSON that says where each table lives: users = "backend".',
)
@click.option(
    "--door",
    "doors",
    multiple=True,
    type=click.Path(path_type=Path),
    help=f"A file that may open connections (default {DOOR.as_posix()}); may be repeated.",
)
@click.option("--ai-variable", default=Database.AI.variable, show_default=True)
@click.option("--backend-variable", default=Database.BACKEND.variable, show_default=True)
@click.option("--exclude", multiple=True, help="A pattern of files to leave out; may be repeated.")
@click.option(
    "--format", "form", default="text", type=click.Choice(["text", "json", "github"]),
    show_default=True,
)  # fmt: skip
@click.option(
    "--explain",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Explain every code and exit.",
)
def lint(
    *,
    paths: tuple[Path, ...],
    dictionary: Path | None,
    doors: tuple[Path, ...],
    ai_variable: str,
    backend_variable: str,
    exclude: tuple[str, ...],
    form: Format,
) -> None:
    """Find SQL on the wrong database, connections past the adapter, and half-configured services.

    PATH is a project's folder, or files of it; without one, the folder you are in. Nothing of it is
    run. The exit status is 1 when something was found.
    """
    options = Options(
        owners=tables.read(dictionary) if dictionary else tables.own(),
        doors=doors or (DOOR,),
        variables=(ai_variable, backend_variable),
        exclude=exclude,
    )
    findings = find(paths or (Path(),), options)
    if findings or form == "json":
        click.echo(told(findings, form))
    if findings:
        sys.exit(1)


COMMANDS = [lint]
