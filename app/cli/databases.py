"""Commands about the two databases themselves."""

from __future__ import annotations

import click

from app import bootstrap
from app.adapters.migrations import head, migrate
from app.adapters.postgresql import postgresql_adapter
from app.databases.names import Database
from app.services.model_registry import register_model
from app.settings import CommandSettings, load


@click.command("migrate")
def migrate_command() -> None:
    """Bring both databases to the newest shape, mark them, and index the embedding model."""
    settings = load(CommandSettings)
    postgresql_adapter.use(settings)
    pair_id = migrate(postgresql_adapter, settings.environment or "development")
    embedder = bootstrap.embedder(settings)
    with postgresql_adapter.migrating_ai() as ai:
        register_model(ai, embedder.model, embedder.dimensions)
    postgresql_adapter.verify()
    for database in (Database.BACKEND, Database.AI):
        click.echo(f"{database.value:8} at revision {head(database)}")
    click.echo(f"pair     {pair_id}")


COMMANDS = [migrate_command]
