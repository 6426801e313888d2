"""Apply the declared roles to a living database, as its owner or DBA."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from psycopg.errors import InsufficientPrivilege

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import identity, roles
from app.databases.connections import DatabaseConnection
from app.databases.names import Database
from app.databases.privileged import identifier, literal
from app.errors import ConflictError, InvalidInputError, ReciprocityError

_ATTRIBUTES: Final = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_ITERATIONS: Final = 4096  # PostgreSQL's own default


class RightsError(ReciprocityError):
    """The connection may not give the rights that were to be given."""

    code = "rights"


@dataclass(slots=True)
class Applied:
    """Say what was done: roles made anew, statements sent, who lost the right to connect."""

    created: list[str] = field(default_factory=list)
    statements: int = 0
    lost: list[str] = field(default_factory=list)


def missing(adapter: PostgreSQLAdapter, database: Database, address: str | None) -> list[str]:
    """List the declared roles that this server does not have yet."""
    with adapter.privileged(database, [], address) as connection:
        identity.verified(connection)
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    return [name for name in roles.roles(database) if name not in known]


def apply(
    adapter: PostgreSQLAdapter,
    database: Database,
    mode: roles.Mode,
    passwords: Mapping[str, str],
    *,
    address: str | None = None,
    may_lose: Callable[[list[str]], bool],
) -> Applied:
    """Make roles, owners and rights what the declaration says, in one transaction.

    `passwords` has one for each role that is missing. `may_lose` is asked with the names of those
    who could connect until now and no longer can, and with the rights that roles of ours would
    lose. Where another backend owns the tables, nobody's rights but those of our own roles change.
    Raises ConflictError when it says no, RightsError when this connection's role may not do it;
    nothing is changed then.
    """
    with adapter.privileged(database, [], address) as reading:
        identity.verified(reading)
        name = identity.database_name(reading)
        there = identity.tables(reading)
    lines = roles.declared(database, mode)
    present = [table for table in lines if table in there]
    absent = missing(adapter, database, address)
    opening = [_create(role, passwords[role]) for role in absent]
    opening += roles.ownership(database, name, mode, present)
    opening += roles.grants(database, name, mode, present)
    closing = [roles.closing(name)] if roles.closes(database, mode) else []
    with adapter.privileged(database, [*opening, *closing], address) as connection:
        try:
            before = _who_connects(connection) | _own_rights(connection, database)
            for statement in [*opening, *closing]:
                connection.execute(statement.encode())
            lost = sorted(before - _who_connects(connection) - _own_rights(connection, database))
        except InsufficientPrivilege as error:
            raise RightsError(
                f"The role of this connection may not do that ({error.diag.message_primary}); nothing"
                " was changed. Give the address of the database's owner or DBA with --address-from,"
                f" or have them run the output of `reciprocity roles {database}`."
            ) from None
        if lost and not may_lose(lost):
            raise ConflictError(
                f"Nothing was changed. These would lose something: {', '.join(lost)}. Grant CONNECT on"
                f" {name} to those who need it, or run it again with --yes."
            )
    return Applied(absent, len(opening) + len(closing), lost)


def _who_connects(connection: DatabaseConnection) -> frozenset[str]:
    found = connection.execute(roles.WHO_CONNECTS).fetchall()
    return frozenset(str(row[0]) for row in found)


def _own_rights(connection: DatabaseConnection, database: Database) -> frozenset[str]:
    """List what our own roles may do with tables now, each right in words."""
    found = connection.execute(
        "SELECT r.rolname || ' (' || v.verb || ' on ' || c.relname || ')' FROM pg_catalog.pg_roles r"
        " CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS v (verb)"
        " CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE r.rolname = ANY(%s) AND n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v')"
        " AND has_table_privilege(r.oid, c.oid, v.verb)",
        (list(roles.roles(database)),),
    ).fetchall()
    return frozenset(str(row[0]) for row in found)


def _create(role: str, password: str) -> str:
    return f"CREATE ROLE {identifier(role)} {_ATTRIBUTES} PASSWORD {literal(verifier(password))}"


def verifier(password: str) -> str:
    """Give what PostgreSQL stores of a password, so that the password itself is never sent.

    SCRAM-SHA-256 with a random salt (RFC 5802, RFC 7677), in PostgreSQL's form. Raises
    InvalidInputError for a password that is not printable ASCII, which would need SASLprep.
    """
    if not password.isascii() or not password.isprintable() or not password:
        raise InvalidInputError("A role's password must be printable ASCII; write another one.")
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"
