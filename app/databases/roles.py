"""Wall two: one role for each service and database, with the least rights it can work with.

This is the one declaration; `reciprocity roles` prints and applies it, the tests hold every role,
table and verb against it. A table of the dictionary that no line here names can be touched by
nobody but the owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.databases import dictionary
from app.databases.names import Database
from app.databases.privileged import identifier

Service = Literal["ai-service", "celery-worker", "operator", "metrics"]
Mode = Literal["standalone", "nestjs"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
OWNER: Final = "owner"
VERBS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

_ALL: Final = "select insert update delete"
_ADD: Final = "select insert"
_PUT: Final = "select insert update"

# What each service may do, in the order ai-service, celery-worker, operator (the command line),
# metrics. Columns in brackets narrow a verb; an empty text is no right at all.
_AI: Final[dict[str, tuple[str, str, str, str]]] = {
    "ai_identity": ("select", "select", "select", "select"),
    "alembic_version_ai": ("select", "select", "select", "select"),
    "embedding_models": (_PUT, _ALL, _ALL, "select"),
    "member_vectors": (_ALL, _ALL, _ALL, "select"),
    "embeddings": (_ALL, _ALL, _ALL, "select(statement_id, model, user_id, kind)"),
    "embedding_couples": (_ALL, _ALL, _ALL, "select(offer_id, need_id, model, user_id)"),
    "erased_members": (_PUT, _PUT, _PUT, "select"),
}
_OURS: Final[dict[str, tuple[str, str, str, str]]] = {
    "backend_identity": ("select", "select", "select", "select"),
    "alembic_version_backend": ("select", "select", "select", "select"),
    "profiles": (_ALL, "select delete", _ALL, ""),
    "statements": (_ALL, "select delete", _ALL, ""),
    "onboarding_sessions": (_ALL, "select", _ALL, ""),
    "onboarding_messages": (_ALL, "select", _ALL, ""),
    "onboarding_items": (_ALL, "select", _ALL, ""),
    "public_summaries": (_ALL, "select", _ALL, ""),
    "match_scores": ("select update(expires_at) delete", _ALL, _ALL, "select"),
    "match_reasons": ("select delete", _ALL, _ALL, ""),
    "matching_runs": ("select", _PUT, _PUT, "select"),
    "calibrations": ("select", _PUT, _PUT, "select"),
    "readiness": ("delete", _ALL, _ALL, ""),
    "index_recall": ("select", _PUT, _PUT, "select"),
    "measured_quality": (_PUT, _PUT, _PUT, "select"),
    "rounds": ("select", _ADD, _ADD, "select"),
    "introductions": ("select delete", _ALL, _ALL, "select"),
    "round_members": ("select delete", _ALL, _ALL, ""),
    "match_staging": ("", _ALL, _ALL, ""),
    "outbox": (
        _ALL,
        _ALL,
        _ALL,
        "select(id, topic, state, attempts, available_at, leased_until, created_at, finished_at)",
    ),
    "webhook_endpoints": (_ALL, "select", _ALL, ""),
    "webhook_deliveries": (
        _ALL,
        _ALL,
        _ALL,
        "select(id, number, endpoint_id, user_id, kind, state, created_at)",
    ),
    "webhook_attempts": (_ALL, _ALL, _ALL, ""),
    "told_matches": (_ALL, _ALL, _ALL, ""),
    "backend_feedback": (_ALL, _ALL, _ALL, ""),
    "backend_calls": (_ALL, _ALL, _ALL, ""),
    # The member site runs in the ai-service; the worker sends its letters and reads its rules.
    "credentials": (_ALL, "", _ALL, ""),
    "operators": (_ALL, "", _ALL, ""),
    "sign_ups": (_ALL, "delete select", _ALL, ""),
    "account_links": (_ALL, "select insert delete", _ALL, ""),
    "sessions": (_ALL, "delete select", _ALL, "select(user_id)"),
    "rate_limits": (_ALL, "delete select", _ALL, ""),
    "letters": (_ALL, _ALL, _ALL, ""),
    "postponements": (_ALL, "select", _ALL, ""),
    "introductions_seen": (_ALL, "select", _ALL, ""),
    "blocks": (_ALL, "select", _ALL, ""),
    "conversations": (_ALL, "select", _ALL, ""),
    "message_numbers": (_ALL, "select", _ALL, ""),
    "feeds": (_ALL, _PUT, _ALL, ""),
    # The audit log: written once; an erasure takes the ids out of it, and nothing changes the rest.
    "operator_actions": (
        "select insert update(about_id, operator_id)",
        "select update(about_id, operator_id)",
        "select insert update(about_id, operator_id)",
        "",
    ),
    "member_rules": (_ALL, "select", _ALL, ""),
    "member_languages": (_ALL, "select", _ALL, ""),
    "disclosures": (_ALL, "", _ALL, ""),
    "reports": (_ALL, "", _ALL, ""),
    "notification_choices": (_ALL, "", _ALL, ""),
    "unsubscribe_links": (_ALL, "", _ALL, ""),
    "pictures": (_ALL, "", _ALL, ""),
    "departures": (_ALL, "", _ALL, ""),
    "erasure_receipts": (_ALL, "select update", _ALL, ""),
    "farewells": (_ALL, "", _ALL, ""),
    "kept_messages": (_ALL, "", _ALL, ""),
    "idempotency_keys": (_ALL, "", _ALL, ""),
}
_METRICS_USERS: Final = (
    "select(id, onboarding_status, is_active, allow_matching, created_at, deleted_at)"
)
_METRICS_SUMMARIES: Final = "select(id, user_id, status, version, created_at, updated_at)"
_METRICS_MATCHES: Final = (
    "select(id, user_a_id, user_b_id, user_a_decision, user_b_decision, status, match_tier,"
    " created_at, updated_at)"
)
# The tables that a NestJS backend has as well: all ours where there is none ...
_SHARED: Final[dict[str, tuple[str, str, str, str]]] = {
    "users": (_ALL, "select", _ALL, _METRICS_USERS),
    "user_summaries": (_ALL, "select", _ALL, _METRICS_SUMMARIES),
    "match_batches": ("select", _ALL, _ALL, "select(id, status, match_date, created_at)"),
    "matches": ("select update delete", _ALL, _ALL, _METRICS_MATCHES),
    "match_feedback": (_ALL, "select", _ALL, ""),
    "messages": (_ALL, "", _ALL, ""),
}
# ... and where there is one, what its contract leaves to us.
_CONTRACT: Final[dict[str, tuple[str, str, str, str]]] = {
    "users": (
        "select update(onboarding_status)",
        "select update(onboarding_status)",
        "select update(onboarding_status)",
        _METRICS_USERS,
    ),
    "user_summaries": (_ADD, _ADD, _ADD, _METRICS_SUMMARIES),
    "match_batches": ("select", "select", "select", "select(id, status, match_date, created_at)"),
    "matches": ("select", "select", "select", _METRICS_MATCHES),
    "match_feedback": ("select", "select", "select", ""),
    "messages": ("", "", "", ""),
}

# There the worker also writes up what members answered in that backend, reads back its edits, and
# forgets whoever has left it.
_BESIDE: Final[dict[str, tuple[str, str, str, str]]] = {
    "statements": (_ALL, _ALL, _ALL, ""),
    "onboarding_sessions": (_ALL, _ALL, _ALL, ""),
    "onboarding_messages": (_ALL, _ALL, _ALL, ""),
    "onboarding_items": (_ALL, _ALL, _ALL, ""),
    "public_summaries": (_ALL, _ALL, _ALL, ""),
}

WHO_CONNECTS: Final = (
    "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
    " AND has_database_privilege(rolname, current_database(), 'CONNECT')"
)


@dataclass(frozen=True, slots=True)
class Right:
    """Hold one verb on one table; `columns` empty means the whole table."""

    verb: str
    columns: tuple[str, ...] = ()


def declared(database: Database, mode: Mode) -> dict[str, tuple[str, str, str, str]]:
    """Give every table that has a line here, with what each service may do."""
    if database is Database.AI:
        return _AI
    return _SHARED | _OURS if mode == "standalone" else _CONTRACT | _OURS | _BESIDE


def rights(database: Database, service: Service, table: str, mode: Mode) -> tuple[Right, ...]:
    """Give what a service may do with a table; nothing where no line names the table."""
    line = declared(database, mode).get(table)
    if line is None:
        return ()
    text = line[SERVICES.index(service)]
    return tuple(
        Right(verb.upper(), tuple(c.strip() for c in columns.split(",")) if columns else ())
        for verb, columns in re.findall(r"(\w+)(?:\(([^)]*)\))?", text)
    )


def undeclared(database: Database) -> list[str]:
    """List tables of the dictionary that no line here names."""
    known = declared(database, "standalone")
    return [entry.name for entry in dictionary.tables_of(database) if entry.name not in known]


def role(database: Database, service: str) -> str:
    """Name the role of one service in one database; the database stands in the name."""
    return f"reciprocity_{database}_{service.replace('-', '_')}"


def roles(database: Database) -> tuple[str, ...]:
    """Name all roles of one database, the owner's first."""
    return tuple(role(database, service) for service in (OWNER, *SERVICES))


def ownership(database: Database, name: str, mode: Mode, present: list[str]) -> list[str]:
    """Write what makes the owner role able to migrate: own what is ours, create beside it."""
    owner = identifier(role(database, OWNER))
    statements = [
        f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {identifier(name)} TO {owner}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
    ]
    if mode == "standalone" or database is Database.AI:
        statements.append(f"ALTER DATABASE {identifier(name)} OWNER TO {owner}")
        statements += [
            f"ALTER TYPE public.{identifier(kind)} OWNER TO {owner}"
            for kind, where in dictionary.TYPES.items()
            if where is database and kind.endswith("_enum")
        ]
    statements += [
        f"ALTER TABLE public.{identifier(table)} OWNER TO {owner}"
        for table in present
        if _ours(table, mode)
    ]
    return statements


def _ours(table: str, mode: Mode) -> bool:
    entry = dictionary.table(table)
    return entry is not None and (entry.owner == "ours" or mode == "standalone")


def grants(database: Database, name: str, mode: Mode, present: list[str]) -> list[str]:
    """Write the rights of every service on the tables that are there, anew each time."""
    statements = []
    for service in SERVICES:
        to = identifier(role(database, service))
        statements.append(f"GRANT CONNECT ON DATABASE {identifier(name)} TO {to}")
        statements.append(f"GRANT USAGE ON SCHEMA public TO {to}")
        for table in present:
            target = f"public.{identifier(table)}"
            statements.append(f"REVOKE ALL ON TABLE {target} FROM {to}")
            held = rights(database, service, table, mode)
            if held:
                verbs = ", ".join(_verb(right) for right in held)
                statements.append(f"GRANT {verbs} ON TABLE {target} TO {to}")
    return statements


def _verb(right: Right) -> str:
    columns = ", ".join(identifier(column) for column in right.columns)
    return f"{right.verb} ({columns})" if columns else right.verb


def closes(database: Database, mode: Mode) -> bool:
    """Say whether the database is ours to shut: where another backend lives, only our roles change."""
    return database is Database.AI or mode == "standalone"


def closing(name: str) -> str:
    """Write what shuts a database to everybody who has no right of their own to connect."""
    return f"REVOKE CONNECT, TEMPORARY ON DATABASE {identifier(name)} FROM PUBLIC"


def script(database: Database, name: str, mode: Mode) -> str:
    """Write all of it for psql, to be read by a person and run by a DBA; it can be run again."""
    present = [entry.name for entry in dictionary.tables_of(database)]
    lines = [
        f"-- Least rights of each service in the {database} database, mode {mode}.",
        "-- Run as superuser in that database: psql --set=ON_ERROR_STOP=1 -f FILE",
        "-- New roles have no password and cannot log in until they are given one: \\password ROLE",
    ]
    for created in roles(database):  # their names are made of our own words
        condition = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{created}')"
        lines.append(f"SELECT 'CREATE ROLE {created} LOGIN' WHERE {condition} \\gexec")
    lines += [f"{s};" for s in ownership(database, name, mode, present)]
    lines += [f"{s};" for s in grants(database, name, mode, present)]
    if not closes(database, mode):
        return "\n".join(lines) + "\n"
    lines += [
        "-- Who can connect now; whoever has no line above loses it with the next statement:",
        f"{WHO_CONNECTS} ORDER BY rolname;",
        f"{closing(name)};",
    ]
    return "\n".join(lines) + "\n"
