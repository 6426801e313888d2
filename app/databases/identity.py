"""Wall three: a database says which one it is before anything else is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg.errors import InsufficientPrivilege, UndefinedTable
from psycopg.rows import class_row

from app.databases import transactions
from app.databases.connections import AIConnection, BackendConnection, DatabaseConnection
from app.databases.errors import IdentityError
from app.databases.privileged import identifier, literal


@dataclass(frozen=True, slots=True)
class Marker:
    """Hold what a database says of itself; both databases of a pair share `pair_id`."""

    role: str
    environment: str
    pair_id: UUID

    @property
    def announcement(self) -> str:
        """Write the marker as the database announces it to whoever connects."""
        return f"{self.role}/{self.environment}/{self.pair_id}"


def announces(connection: DatabaseConnection, marker: Marker) -> bool:
    """Say whether the database announced this marker while the connection was being made.

    The announcement is the database's own default of `application_name`, which PostgreSQL reports
    with the answer to the login: looking at it asks the server nothing. It stands for the marker's
    row on connections after a process's first. A database that announces nothing, or anything
    else, is asked for the row; a copy of a database does not take the announcement with it.
    """
    return connection.info.parameter_status("application_name") == marker.announcement


def announcing(database_name: str, marker: Marker) -> str:
    """Write the statement by which a database's owner makes it announce its marker."""
    return (
        f"ALTER DATABASE {identifier(database_name)}"
        f" SET application_name = {literal(marker.announcement)}"
    )


def silencing(database_name: str) -> str:
    """Write the statement by which a database's owner takes its announcement back."""
    return f"ALTER DATABASE {identifier(database_name)} RESET application_name"


def database_name(connection: DatabaseConnection) -> str:
    """Give the name of the database that a connection reaches, as its server calls it."""
    row = connection.execute("SELECT current_database()").fetchone()
    connection.rollback()
    assert row is not None  # noqa: S101 - a SELECT without FROM always gives one row
    return str(row[0])


def write_pair_id(connection: DatabaseConnection, pair_id: UUID) -> None:
    """Give a database another pair id, in the transaction of the caller.

    Raises IdentityError when the database holds no marker to change.
    """
    if isinstance(connection, AIConnection):
        changed = connection.execute("UPDATE ai_identity SET pair_id = %s", (pair_id,)).rowcount
    elif isinstance(connection, BackendConnection):
        changed = connection.execute(
            "UPDATE backend_identity SET pair_id = %s", (pair_id,)
        ).rowcount
    else:
        raise TypeError(f"{type(connection).__name__} belongs to no database")
    if changed != 1:
        raise IdentityError(
            f"The {connection.database} database holds no marker whose pair id could be set; run"
            " `reciprocity migrate` first."
        )


_ADOPTED: Final = "adopted: the tables of another backend were there before"


def adopted(connection: DatabaseConnection) -> bool:
    """Say whether somebody else made and migrates the shared tables; ends the open transaction."""
    found = is_adopted(connection)
    connection.rollback()
    return found


def is_adopted(connection: DatabaseConnection) -> bool:
    """Say the same inside the transaction of the caller."""
    if isinstance(connection, AIConnection):
        row = connection.execute("SELECT obj_description('ai_identity'::regclass)").fetchone()
    else:
        row = connection.execute("SELECT obj_description('backend_identity'::regclass)").fetchone()
    return row is not None and row[0] == _ADOPTED


def mark_adopted(connection: DatabaseConnection) -> None:
    """Write down that the shared tables are somebody else's, so that no migration touches them."""
    table = connection.database.identity_table
    connection.execute(f"COMMENT ON TABLE {table} IS '{_ADOPTED}'".encode())


def read(connection: DatabaseConnection) -> Marker | None:
    """Read the marker this kind of connection should find; None when it is not there."""
    # Written out for each database, so that each statement stands declared for one of them.
    try:
        if isinstance(connection, AIConnection):
            return _read_ai(connection)
        if isinstance(connection, BackendConnection):
            return _read_backend(connection)
    except UndefinedTable:
        connection.rollback()
        return None
    except InsufficientPrivilege:
        connection.rollback()
        raise IdentityError(
            f"This role may not read {connection.database.identity_table}, so it cannot be told"
            f" which database this is. Run: reciprocity roles {connection.database} --apply"
        ) from None
    raise TypeError(f"{type(connection).__name__} belongs to no database")


def _read_ai(ai: AIConnection) -> Marker | None:
    return (
        ai.cursor(row_factory=class_row(Marker))
        .execute("SELECT role, environment, pair_id FROM ai_identity")
        .fetchone()
    )


def _read_backend(backend: BackendConnection) -> Marker | None:
    return (
        backend.cursor(row_factory=class_row(Marker))
        .execute("SELECT role, environment, pair_id FROM backend_identity")
        .fetchone()
    )


def verified(connection: DatabaseConnection, environment: str | None = None) -> Marker:
    """Read the marker and hold it against what is expected; raise IdentityError otherwise."""
    marker = read(connection)
    expected = connection.database
    if marker is None:
        raise IdentityError(_unmarked(connection))
    if marker.role != expected.value:
        raise IdentityError(
            f"{expected.variable} should reach the {expected} database, and the one it reaches calls"
            f" itself {marker.role}. Point {expected.variable} at {expected.default_name}."
        )
    if environment is not None and marker.environment != environment:
        raise IdentityError(
            f"{expected.variable} reaches a database of the {marker.environment} environment, and"
            f" this process runs in {environment} (RECIPROCITY_ENVIRONMENT). Mend one of the two."
        )
    return marker


def _unmarked(connection: DatabaseConnection) -> str:
    expected = connection.database
    names = tables(connection)
    if expected.other.identity_table in names:
        return (
            f"{expected.variable} reaches the {expected.other} database"
            f" ({expected.other.default_name}): DATABASE_URL is the AI database,"
            " RECIPROCITY_BACKEND_DB_URL the backend database. Are the two swapped?"
        )
    remedy = (
        "It is empty: run `reciprocity migrate` to make it the "
        if not names
        else "It holds tables of somebody else; run"
        f" `reciprocity adopt {expected}` if it is meant to be the "
    )
    return (
        f"The database that {expected.variable} reaches does not say which one it is: it has no"
        f" {expected.identity_table}. {remedy}{expected} database."
    )


def tables(connection: DatabaseConnection) -> frozenset[str]:
    """List the tables and views of the schema public, whoever made them; extensions' own left out."""
    found = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
        "  WHERE d.objid = c.oid AND d.deptype = 'e')"
    ).fetchall()
    connection.rollback()
    return frozenset(str(row[0]) for row in found)


def same_pair(ai: Marker, backend: Marker) -> None:
    """Refuse two databases that were never meant for each other."""
    if ai.environment != backend.environment:
        raise IdentityError(
            f"DATABASE_URL reaches a database of the {ai.environment} environment and"
            f" RECIPROCITY_BACKEND_DB_URL one of {backend.environment}. Mend the wrong one."
        )
    if ai.pair_id != backend.pair_id:
        raise IdentityError(
            f"The AI database belongs to the pair {ai.pair_id} and the backend database to"
            f" {backend.pair_id}: one of the two addresses reaches another installation, or a"
            " restored copy. Mend DATABASE_URL or RECIPROCITY_BACKEND_DB_URL."
        )


def prove_two(ai: AIConnection, backend: BackendConnection) -> None:
    """Prove that two addresses reach two databases: a lock held in one must be free in the other.

    This is the one place that works on both at once, and it reads and writes no row.
    """
    with transactions.identity_proof():
        try:
            ai.execute("SELECT pg_advisory_xact_lock(7303, 1)")
            row = backend.execute("SELECT pg_try_advisory_xact_lock(7303, 1)").fetchone()
        finally:
            backend.rollback()
            ai.rollback()
    free = row is not None and row[0]
    if not free:
        raise IdentityError(
            "DATABASE_URL and RECIPROCITY_BACKEND_DB_URL reach the same database by two names: a lock"
            " taken through one is held in the other. Give the AI database and the backend database"
            " an address each."
        )
