"""Commands about the two databases themselves."""

from __future__ import annotations

import time

import click

from app import bootstrap
from app.adapters.migrations import head, migrate
from app.adapters.postgresql import postgresql_adapter
from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.services.model_registry import register_model
from app.settings import CommandSettings, load


@click.command("migrate")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Wait up to so many seconds for databases that do not answer yet.",
)
def migrate_command(*, seconds: float) -> None:
    """Bring both databases to the newest shape, mark them, and index the embedding model."""
    settings = load(CommandSettings)
    postgresql_adapter.use(settings)
    _wait_for_both(seconds)
    pair_id = migrate(postgresql_adapter, settings.environment or "development")
    embedder = bootstrap.embedder(settings)
    with postgresql_adapter.migrating_ai() as ai:
        register_model(ai, embedder.model, embedder.dimensions)
    postgresql_adapter.verify()
    for database in (Database.BACKEND, Database.AI):
        click.echo(f"{database.value:8} at revision {head(database)}")
    click.echo(f"pair     {pair_id}")


def _wait_for_both(seconds: float) -> None:
    """Return when both databases answer; raise DatabaseUnavailableError after so many seconds."""
    limit = time.monotonic() + seconds
    while seconds:
        try:
            with postgresql_adapter.migrating_backend(), postgresql_adapter.migrating_ai():
                return
        except DatabaseUnavailableError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.5)


COMMANDS = [migrate_command]
