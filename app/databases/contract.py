"""What this platform needs of tables that another backend made and migrates.

A table or column that is not listed here is that backend's own business. Enumerations are known by
their values: what their types are called differs from one installation to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.databases.connections import DatabaseConnection

_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "citext"})
# What a column may be, in the words of the table below, as PostgreSQL names its types.
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "uuid": frozenset({"uuid"}),
    "text": _TEXTS,
    "boolean": frozenset({"bool"}),
    "integer": frozenset({"int2", "int4", "int8"}),
    "time": frozenset({"timestamptz", "timestamp"}),
    "json": frozenset({"jsonb"}),
    "text[]": frozenset({"_text", "_varchar"}),
}

# Column → kind; words between bars are the values that an enumeration must hold; "any" is any type.
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "users": {
        "id": "uuid", "role_id": "uuid", "first_name": "text", "last_name": "text",
        "email": "text", "objective": "any",
        "onboarding_status": "not_started|in_progress|completed", "is_active": "boolean",
        "allow_matching": "boolean", "is_email_verified": "boolean", "created_at": "time",
        "updated_at": "time", "deleted_at": "time",
    },
    "user_summaries": {
        "id": "uuid", "user_id": "uuid", "status": "draft|approved", "summary": "text",
        "version": "integer", "webhook": "boolean",
        "urgency": "urgent|time_sensitive|ongoing|exploratory", "created_at": "time",
        "updated_at": "time",
    },
    "match_batches": {
        "id": "uuid", "data": "json", "status": "draft|in_progress|completed",
        "match_date": "time", "created_at": "time",
    },
    "matches": {
        "id": "uuid", "batch_id": "uuid", "user_a_id": "uuid", "user_b_id": "uuid",
        "user_a_decision": "pending|approved|declined",
        "user_b_decision": "pending|approved|declined", "status": "pending|approved|declined",
        "match_tier": "any", "explanation": "json", "score_breakdown": "json",
        "created_at": "time", "updated_at": "time",
    },
    "match_feedback": {
        "match_id": "uuid", "user_id": "uuid", "decision": "any", "reason_tags": "text[]",
        "reason_text": "text", "other_user_attributes": "json",
    },
    "user_onboarding_answers": {
        "user_id": "uuid", "prompt": "any", "user_response": "any", "code": "any",
    },
    "user_documents": {"user_id": "uuid", "type": "any", "url": "text", "title": "any"},
}  # fmt: skip


# What a connection of this platform must be allowed there; a column in brackets narrows the verb.
RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "users": ("SELECT", "UPDATE(onboarding_status)"),
    "user_summaries": ("SELECT", "INSERT"),
    "match_batches": ("SELECT",),
    "matches": ("SELECT",),
    "match_feedback": ("SELECT",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """Hold one column as a database has it: its type's name, and an enumeration's values."""

    table: str
    name: str
    type: str
    values: frozenset[str]


def columns(connection: DatabaseConnection) -> list[Column]:
    """Read every column of the schema public."""
    rows = connection.execute(
        "SELECT c.relname::text, a.attname::text, t.typname::text,"
        " coalesce((SELECT array_agg(e.enumlabel::text) FROM pg_catalog.pg_enum e"
        "  WHERE e.enumtypid = t.oid), '{}')"
        " FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        "  AND NOT a.attisdropped"
        " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
        " WHERE c.relkind IN ('r', 'p', 'v', 'f')"
    ).fetchall()
    connection.rollback()
    return [Column(row[0], row[1], row[2], frozenset(row[3])) for row in rows]


def unmet(found: list[Column]) -> Iterator[str]:
    """Name each thing that the contract asks for and these columns do not give."""
    by_place = {(column.table, column.name): column for column in found}
    tables = {column.table for column in found}
    for table, wanted in TABLES.items():
        if table not in tables:
            yield f"table {table} is missing"
            continue
        for name, kind in wanted.items():
            column = by_place.get((table, name))
            if column is None:
                yield f"column {table}.{name} is missing ({kind})"
            elif problem := _problem(column, kind):
                yield f"column {table}.{name} {problem}"


def _problem(column: Column, kind: str) -> str:
    if kind == "any":
        return ""
    if "|" in kind:
        lacking = [value for value in kind.split("|") if value not in column.values]
        if not column.values:
            return f"is of the type {column.type} and should be an enumeration of {kind}"
        return f"does not know the value {' or '.join(lacking)}" if lacking else ""
    if column.type in _KINDS[kind]:
        return ""
    return f"is of the type {column.type} and should be {kind}"


def lacking_rights(connection: DatabaseConnection) -> list[str]:
    """Name each right that the contract leaves to this platform and this connection's role lacks."""
    rows = connection.execute(
        "SELECT c.relname::text,"
        " has_table_privilege(c.oid, 'SELECT') AS may_read,"
        " has_table_privilege(c.oid, 'INSERT') AS may_insert,"
        " CASE WHEN a.attnum IS NOT NULL THEN has_column_privilege(c.oid, a.attnum, 'UPDATE') END"
        " FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
        " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
        "  AND a.attname = 'onboarding_status' WHERE c.relkind IN ('r', 'p', 'v', 'f')"
    ).fetchall()
    may_create = connection.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    connection.rollback()
    held = {
        row[0]: dict(zip(("SELECT", "INSERT", "UPDATE(onboarding_status)"), row[1:], strict=True))
        for row in rows
    }
    lacking = [
        f"this connection's role lacks the right {verb} on the table {table}"
        for table, verbs in RIGHTS.items()
        for verb in verbs
        if table in held and not held[table][verb]
    ]
    if not may_create or not may_create[0]:
        lacking.append("this connection's role may not create tables in the schema public")
    return lacking
