"""Run the migrations of the backend database on the connection they were given."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table="alembic_version_backend",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
