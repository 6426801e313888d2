"""The command `reciprocity`: each subcommand is imported when it is called, so that help is quick."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from app.errors import ReciprocityError

# Name of the command, and the module whose COMMANDS hold it, in the order that help shows.
_PLACES: Final = {
    "up": "app.cli.embedded",
    "down": "app.cli.embedded",
    "status": "app.cli.embedded",
    "psql": "app.cli.embedded",
    "env": "app.cli.embedded",
    "demo": "app.cli.demo",
    "migrate": "app.cli.databases",
    "import": "app.cli.members",
    "onboard": "app.cli.onboard",
    "matches": "app.cli.members",
    "match-sync": "app.cli.members",
    "rounds": "app.cli.learn",
    "learn": "app.cli.learn",
    "calibrate": "app.cli.learn",
    "learn-map": "app.cli.learn_map",
    "lint": "app.cli.lint",
    "score": "app.cli.score",
    "doctor": "app.cli.doctor",
    "roles": "app.cli.roles",
    "adopt": "app.cli.adopt",
    "admin": "app.cli.accounts",
    "reconcile": "app.cli.operations",
    "rebuild": "app.cli.operations",
    "backup": "app.cli.backups",
    "restore": "app.cli.backups",
    "dead-letters": "app.cli.dead_letters",
    "webhooks": "app.cli.webhooks",
    "why": "app.cli.why",
    "evaluate": "app.cli.measure",
    "benchmark": "app.cli.measure",
    "serve": "app.cli.services",
    "worker": "app.cli.services",
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        place = _PLACES.get(cmd_name)
        if place is None:
            return None
        commands: list[click.Command] = importlib.import_module(place).COMMANDS
        return next(command for command in commands if command.name == cmd_name)


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
