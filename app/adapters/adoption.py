"""Take over a database that somebody else made and migrates, touching nothing of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from app.adapters.migrations import announce, opened, run_adopted, undo_adopted
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import contract, dictionary, identity
from app.databases.connections import DatabaseConnection
from app.databases.errors import IdentityError
from app.databases.names import Database
from app.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Adopted:
    """Say which tables were made beside those that were there, and as what the database is marked."""

    made: tuple[str, ...]
    left_alone: tuple[str, ...]
    marker: identity.Marker
    announced: bool


def adopt(adapter: PostgreSQLAdapter, database: Database, environment: str) -> Adopted:
    """Make our own tables in somebody else's database, and mark it as one of this pair.

    Raises ConflictError, having changed nothing, when something that the contract asks for is
    missing or a name of ours is taken; IdentityError when the database is marked already, or as the
    other one.
    """
    with opened(adapter, database) as connection:
        there = _may_adopt(connection)
    with opened(adapter, database.other) as other:
        mark = identity.read(other)
        other.rollback()
    marker = identity.Marker(
        database.value,
        environment if mark is None else mark.environment,
        uuid4() if mark is None else mark.pair_id,
    )
    with opened(adapter, database) as connection:
        run_adopted(connection, marker)
    with opened(adapter, database) as connection:
        made = identity.tables(connection) - there
    announced = announce(adapter, database, marker)
    return Adopted(tuple(sorted(made)), tuple(sorted(there)), marker, announced)


def _may_adopt(connection: DatabaseConnection) -> frozenset[str]:
    database = connection.database
    marker = identity.read(connection)
    connection.rollback()
    if marker is not None:
        raise IdentityError(
            f"The database that {database.variable} reaches is marked as {marker.role} of"
            f" {marker.environment} already; nothing is adopted twice. `reciprocity migrate` brings"
            " it up to date."
        )
    there = identity.tables(connection)
    if database.other.identity_table in there:
        identity.verified(connection)  # says that the two are swapped
    problems: list[str] = []
    if _is_backend(database):
        problems += contract.unmet(contract.columns(connection))
        problems += contract.lacking_rights(connection)
    problems += [
        f"table {entry.name} is there already, and this platform needs the name for its own"
        for entry in dictionary.tables_of(database)
        if entry.owner == "ours" and entry.name in there
    ]
    if not there:
        raise ConflictError(
            f"The database that {database.variable} reaches is empty: there is nothing to adopt."
            " Run `reciprocity migrate`."
        )
    if problems:
        raise ConflictError(
            f"The database that {database.variable} reaches cannot be adopted as it is; nothing was"
            " changed:\n  " + "\n  ".join(problems) + "\nMend these there and try again."
        )
    return there


def _is_backend(database: Database) -> bool:
    return database is Database.BACKEND


def undo(adapter: PostgreSQLAdapter, database: Database) -> tuple[str, ...]:
    """Remove our own tables from an adopted database; give their names.

    Raises IdentityError for a database that was not adopted: what `migrate` made is not undone here.
    """
    with opened(adapter, database) as connection:
        identity.verified(connection)
        if not identity.adopted(connection):
            raise IdentityError(
                f"The database that {database.variable} reaches was not adopted but made by"
                " `reciprocity migrate`; there is nothing to undo."
            )
        before = identity.tables(connection)
        name = identity.database_name(connection)
    silence = identity.silencing(name)
    with adapter.privileged(database, [silence]) as quiet:
        if quiet.info.parameter_status("application_name"):
            quiet.execute(silence.encode())
    with opened(adapter, database) as connection:
        undo_adopted(connection)
    with opened(adapter, database) as connection:
        after = identity.tables(connection)
    adapter.close()
    return tuple(sorted(before - after))
