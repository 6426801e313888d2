"""Bring both databases to the newest shape, each by its own history, on its own kind of connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from app.adapters import migration_locks as locks
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import identity
from app.databases.connections import (
    DatabaseConnection,
    MigratingAIConnection,
    MigratingBackendConnection,
)
from app.databases.errors import IdentityError
from app.databases.names import Database

FOLDER: Final = Path(__file__).parent.parent.parent / "migrations"


def head(database: Database) -> str:
    """Name the newest revision that this code knows for a database."""
    newest = ScriptDirectory(str(FOLDER / database.value)).get_current_head()
    if newest is None:
        raise FileNotFoundError(f"migrations/{database.value} holds no revision")
    return newest


def migrate(adapter: PostgreSQLAdapter, environment: str, revision: str = "head") -> UUID:
    """Migrate the backend database, then the AI database; give the id of the pair.

    Raises IdentityError, having changed nothing, when a database is marked as another one or holds
    tables of somebody else; TableHeldError when somebody does not let go of a table.
    """
    marker = _both_may_be_migrated(adapter)
    pair_id = marker.pair_id if marker else uuid4()
    environment = marker.environment if marker else environment
    with adapter.migrating_backend() as backend:
        backend.execute("SELECT pg_advisory_lock(7302, 0)")
        backend.commit()
        if marker is not None and identity.adopted(backend):
            locks.patiently(backend, partial(run_adopted, backend, marker))
        else:
            locks.patiently(backend, partial(_to, backend, revision, environment, pair_id))
    with adapter.migrating_ai() as ai:
        ai.execute("SELECT pg_advisory_lock(7301, 0)")
        ai.commit()
        locks.patiently(ai, partial(_to, ai, revision, environment, pair_id))
    for database in Database:
        announce(adapter, database, identity.Marker(database.value, environment, pair_id))
    return pair_id


def announce(adapter: PostgreSQLAdapter, database: Database, marker: identity.Marker) -> bool:
    """Have a database announce its marker to whoever connects; False when only its owner may.

    Without it every new connection reads the marker's row, which is slower and as safe.
    """
    with opened(adapter, database) as connection:
        if identity.announces(connection, marker):
            return True
        name = identity.database_name(connection)
    statement = identity.announcing(name, marker)
    with adapter.privileged(database, [statement]) as connection:
        try:
            connection.execute(statement.encode())
        except InsufficientPrivilege:
            connection.rollback()
            return False
    return True


def set_pair_id(adapter: PostgreSQLAdapter, database: Database, pair_id: UUID) -> identity.Marker:
    """Make a database one of another pair: what a restore does, and nothing else may.

    Raises IdentityError when the database is not the one its variable names, or holds no marker.
    """
    with opened(adapter, database) as connection:
        before = identity.verified(connection)
        identity.write_pair_id(connection, pair_id)
    marker = identity.Marker(before.role, before.environment, pair_id)
    announce(adapter, database, marker)
    adapter.close()  # pooled connections were verified as of the old pair
    return marker


@contextmanager
def opened(adapter: PostgreSQLAdapter, database: Database) -> Iterator[DatabaseConnection]:
    """Open the migrating connection of either database."""
    with adapter.migrating_ai() if database is Database.AI else adapter.migrating_backend() as it:
        yield it


def downgrade(adapter: PostgreSQLAdapter, database: Database, revision: str) -> None:
    """Take one database back to an earlier revision; `base` empties it."""
    opened: Any = adapter.migrating_ai if database is Database.AI else adapter.migrating_backend
    with opened() as connection:
        marker = identity.verified(connection)
        connection.rollback()
        _run(connection, marker.environment, marker.pair_id, command.downgrade, revision)


def run_adopted(connection: DatabaseConnection, marker: identity.Marker) -> None:
    """Make our own tables only: revisions that hold the shared ones are written down as done.

    A revision of shared tables says so by SHARED = True in its file.
    """

    def act(config: Config, revision: str) -> None:
        scripts = ScriptDirectory.from_config(config)
        for step in reversed(list(scripts.iterate_revisions(revision, _current(config)))):
            go = command.stamp if _shared(step) else command.upgrade
            go(config, step.revision)

    _run(connection, marker.environment, marker.pair_id, act, "head")
    identity.mark_adopted(connection)
    connection.commit()


def undo_adopted(connection: DatabaseConnection) -> None:
    """Remove our own tables again, and leave the shared ones as they are."""

    def act(config: Config, revision: str) -> None:
        scripts = ScriptDirectory.from_config(config)
        for step in list(scripts.iterate_revisions(_current(config), revision)):
            go = command.stamp if _shared(step) else command.downgrade
            go(config, str(step.down_revision or "base"))

    marker = identity.verified(connection)
    connection.rollback()
    _run(connection, marker.environment, marker.pair_id, act, "base")
    connection.execute(f"DROP TABLE {connection.database.version_table}".encode())
    connection.commit()


def _shared(step: Script) -> bool:
    return bool(getattr(step.module, "SHARED", False))


def _current(config: Config) -> str | None:
    context = MigrationContext.configure(
        config.attributes["connection"],
        opts={"version_table": config.attributes["version_table"]},
    )
    return context.get_current_revision()


def _both_may_be_migrated(adapter: PostgreSQLAdapter) -> identity.Marker | None:
    """Look at both databases before either is touched; give the backend's marker if it has one."""
    expected = adapter.settings.environment
    with adapter.migrating_ai() as ai, adapter.migrating_backend() as backend:
        known, marker = _may_migrate(ai, expected), _may_migrate(backend, expected)
        identity.prove_two(ai, backend)
    if known is not None and marker is not None:
        identity.same_pair(known, marker)
    elif known is not None:
        raise IdentityError(
            f"The AI database belongs to the pair {known.pair_id}, and the database that"
            " RECIPROCITY_BACKEND_DB_URL reaches is empty; nothing was migrated. Mend that address,"
            " or restore the backend's dump first: the AI database is what can be made anew."
        )
    return marker


def _may_migrate(connection: DatabaseConnection, environment: str | None) -> identity.Marker | None:
    marker = identity.read(connection)
    connection.rollback()
    if marker is None and not identity.tables(connection) - {connection.database.version_table}:
        return None
    if marker is not None and marker.role != connection.database.value:
        raise IdentityError(
            f"{connection.database.variable} reaches a database that calls itself {marker.role};"
            " nothing was migrated. Are the two addresses swapped?"
        )
    try:
        # Of an unmarked one it says whose tables these are, and what to do.
        return identity.verified(connection, environment)
    finally:
        connection.rollback()


def _to(
    connection: MigratingAIConnection | MigratingBackendConnection,
    revision: str,
    environment: str,
    pair_id: UUID,
) -> None:
    _run(connection, environment, pair_id, command.upgrade, revision)


def _run(
    connection: DatabaseConnection,
    environment: str,
    pair_id: UUID,
    act: Callable[[Config, str], None],
    revision: str,
) -> None:
    # SQLAlchemy is given the door's own connection and never an address to connect to.
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool
    )
    config = Config()
    config.set_main_option("script_location", str(FOLDER / connection.database.value))
    config.attributes["version_table"] = connection.database.version_table
    config.attributes["marker"] = {"environment": environment, "pair_id": pair_id}
    with engine.connect() as opened:
        config.attributes["connection"] = opened
        act(config, revision)
        opened.commit()
