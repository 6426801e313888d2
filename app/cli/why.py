"""The command that says why one member is not in another's list."""

from __future__ import annotations

import click

from app import bootstrap
from app.services import explain_pair
from app.settings import CommandSettings, load


@click.command("why")
@click.argument("missing")
@click.argument("owner")
def why(missing: str, owner: str) -> None:
    """Say why MISSING is not in the list of OWNER; both are e-mail addresses or ids."""
    databases = bootstrap.platform(load(CommandSettings)).databases
    databases.verify()
    found = explain_pair.by_addresses(databases, missing, owner)
    for name in found.passed:
        click.echo(f"  in order: {name.replace('_', ' ')}")
    if found.obstacle is not None:
        click.echo(found.obstacle.words)


COMMANDS: list[click.Command] = [why]
