"""Hold every statement of the code base against two living databases, past every other wall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from app.databases import dictionary
from app.databases.grammar import references
from app.databases.names import Database
from app.lint.scanner import SqlStatement, scan
from tests.conftest import ROOT, Pair

PLACES = (ROOT / "app", ROOT / "migrations")
# What PostgreSQL analyses, names and all, when it prepares it.
PREPARABLE = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
# A reference of one of these kinds exists in one database only; all others exist in both.
BOUND = frozenset({"table", "type", "operator", "function", "sequence"})
CATALOGUE = """
    SELECT 'table' AS kind, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT 'sequence', c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind = 'S'
    UNION ALL
    SELECT 'type', t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = 'public' AND t.typrelid = 0 AND t.typcategory <> 'A'
    UNION ALL
    SELECT 'function', p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'public'
    UNION ALL
    SELECT 'operator', o.oprname FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
     WHERE n.nspname = 'public'
    UNION ALL
    SELECT 'extension', e.extname FROM pg_extension e WHERE e.extname <> 'plpgsql'
"""


# The score sends faults on purpose, which it makes when it runs.
FAULTS = ROOT / "app/score"


@cache
def own_statements() -> list[SqlStatement]:
    return [s for s in scan(PLACES) if not s.path.is_relative_to(FAULTS)]


@contextmanager
def raw(pair: Pair) -> Iterator[dict[Database, PGconn]]:
    """Connect to both databases with the bare driver."""
    addresses = {
        Database.AI: pair.settings.database_url,
        Database.BACKEND: pair.settings.backend_database_url,
    }
    with (
        psycopg.connect(addresses[Database.AI]) as ai,
        psycopg.connect(addresses[Database.BACKEND]) as backend,
    ):
        yield {Database.AI: ai.pgconn, Database.BACKEND: backend.pgconn}


def catalogue(connection: PGconn) -> set[tuple[str, str]]:
    """List what a living database holds in its schema public, as (kind, name)."""
    result = connection.exec_(CATALOGUE.encode())
    assert result.status == ExecStatus.TUPLES_OK, result.get_error_message()
    found = set()
    for row in range(result.ntuples):
        kind, name = result.get_value(row, 0), result.get_value(row, 1)
        assert kind is not None
        assert name is not None
        found.add((kind.decode(), name.decode()))
    return found


def _kind(statement: SqlStatement) -> str:
    return next(r.name or "" for r in references(statement.text) if r.kind == "statement")


def _names(statement: SqlStatement) -> set[tuple[str, str]]:
    """List the names of a statement that a database either has or has not."""
    own = {entry.name for entry in dictionary.TABLES}
    declared = own | {*dictionary.TYPES, *dictionary.SEQUENCES, *dictionary.OPERATORS}
    declared |= set(dictionary.FUNCTIONS)
    return {
        (r.kind, r.name)
        for r in references(statement.text)
        if r.kind in BOUND and r.name in declared and r.schema != "WITH"
    }


def accepted(connection: PGconn, living: set[tuple[str, str]], statement: SqlStatement) -> str:
    """Ask a server about a statement; give the empty string, or why it is refused.

    What cannot be prepared is held against `living`, the names that the database has.
    """
    kind = _kind(statement)
    if kind in PREPARABLE and not statement.dynamic:
        result = connection.prepare(b"", statement.text.encode())
        return "" if result.status == ExecStatus.COMMAND_OK else result.get_error_message()
    if kind == "CopyStmt":
        result = connection.exec_(statement.text.encode())
        if result.status not in {ExecStatus.COPY_IN, ExecStatus.COPY_OUT}:
            return result.get_error_message()
        connection.put_copy_end(b"nothing was to be copied")
        while connection.get_result() is not None:
            pass
        return ""
    missing = _names(statement) - living
    return f"it names {sorted(missing)}, which is not there" if missing else ""


def expected(statement: SqlStatement) -> frozenset[Database]:
    """Say which databases must accept a statement: the declared ones.

    One that names nothing that only one server has, such as a lock or a channel, would be granted
    by both: the dictionary's owner must be the declared one, and there must be an owner.
    """
    if _names(statement):
        return statement.databases
    for reference in references(statement.text):
        name = reference.name or ""
        owner: Database | None
        if reference.kind == "lock" and name.isdigit() and int(name) in dictionary.LOCKS:
            owner = dictionary.LOCKS[int(name)]
            if owner is None:
                continue  # the identity proof's own, on both
        elif reference.kind in {"lock", "channel"}:
            owner = dictionary.CHANNELS.get(name)
        else:
            continue
        if statement.databases != {owner}:
            return statement.databases
    return frozenset(Database)


def disproved(pair: Pair, statements: Iterable[SqlStatement]) -> list[str]:
    """List the statements that do not succeed on exactly the databases they are declared for."""
    wrong = []
    with raw(pair) as connections:
        living = {database: catalogue(pg) for database, pg in connections.items()}
        for statement in statements:
            if not statement.known:
                continue  # each of these is explained where they are counted
            place = Path(statement.path).relative_to(ROOT)
            for database, connection in connections.items():
                why = accepted(connection, living[database], statement)
                wanted = database in expected(statement)
                if wanted and why:
                    wrong.append(f"{place}:{statement.line}: {database} refuses it: {why.strip()}")
                elif not wanted and not why:
                    wrong.append(f"{place}:{statement.line}: {database} takes it as well")
    return wrong
