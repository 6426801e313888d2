"""The command that takes over a database which somebody else made."""

from __future__ import annotations

import click

from app.adapters import adoption
from app.adapters.postgresql import postgresql_adapter
from app.databases.names import Database
from app.settings import DatabaseSettings, load


@click.command("adopt")
@click.argument("database", type=click.Choice([d.value for d in Database]))
@click.option("--undo", is_flag=True, help="Remove this platform's own tables from it again.")
@click.option("--yes", is_flag=True, help="Undo without asking.")
def adopt_command(database: str, *, undo: bool, yes: bool) -> None:
    """Adopt a DATABASE that somebody else made: ours go beside theirs, theirs stay as they are.

    Checks that the shared tables hold what the contract asks for and names each missing thing,
    makes our own tables where their names are free, and marks the database.
    """
    which = Database(database)
    settings = load(DatabaseSettings)
    postgresql_adapter.use(settings)
    if undo:
        if not yes:
            click.confirm(
                f"This removes our own tables from the {which} database, with what is in them."
                " Continue?",
                abort=True,
            )
        removed = adoption.undo(postgresql_adapter, which)
        click.echo(f"Removed: {', '.join(removed)}.")
        return
    done = adoption.adopt(postgresql_adapter, which, settings.environment or "development")
    click.echo(f"Made:       {', '.join(done.made)}")
    click.echo(f"Left alone: {', '.join(done.left_alone)}")
    click.echo(f"Marked as the {which} database of {done.marker.environment}.")
    click.echo(f"pair        {done.marker.pair_id}")
    if not done.announced:
        click.echo(
            "Its owner may make it announce itself, which spares each new connection a question:"
            " see `reciprocity doctor`."
        )
    click.echo(f"Next: `reciprocity adopt {which.other}` or `reciprocity migrate`.")


COMMANDS = [adopt_command]
