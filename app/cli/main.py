"""The command `reciprocity`: each subcommand is imported when it is called, so that help is quick."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from app.cli.places import PLACES
from app.errors import ReciprocityError

_BY_NAME: Final = {place.name: place for place in PLACES}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_BY_NAME)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        place = _BY_NAME.get(cmd_name)
        if place is None:
            return None
        commands: list[click.Command] = importlib.import_module(f"app.cli.{place.module}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(place.name, place.what) for place in PLACES])


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reciprocity")
def cli() -> None:
    """Introduce people where both sides gain, on two databases that cannot be confused."""


def main() -> None:
    """Run a command; an error is told in words, and the exit status is not zero."""
    try:
        cli(standalone_mode=False)
    except ReciprocityError as error:
        click.secho(str(error), err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
