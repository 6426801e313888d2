"""Read the address of a database without ever showing its password."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

# What would decide where a connection goes, by the variable libpq reads it from.
_ROUTES: Final = {
    "PGHOSTADDR": "hostaddr",
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGSERVICE": "service",
    "PGOPTIONS": "options",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
}
_PREFIXES: Final = ("postgresql://", "postgres://")


def parts(address: str) -> dict[str, str]:
    """Split an address into libpq's parts; raise ValueError without repeating any of it."""
    try:
        found = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise ValueError(
            "it is not a PostgreSQL address; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE,"
            " with special characters of the password percent-encoded"
        ) from None  # libpq's own message may repeat the password
    return {key: str(value) for key, value in found.items() if value not in (None, "")}


def checked(value: object) -> object:
    """Accept a whole address and nothing less: host, user and database named in it."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError("it is empty; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    if not value.startswith(_PREFIXES):
        raise ValueError("it must begin with postgresql://")
    found = parts(value)
    missing = [name for name in ("host", "user", "dbname") if name not in found]
    if missing:
        words = {"host": "a host", "user": "a user", "dbname": "a database name"}
        raise ValueError(
            f"it has no {' and no '.join(words[name].split(' ', 1)[1] for name in missing)}; write"
            " postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
    return value


def place(address: str) -> tuple[str, str, str]:
    """Give host, port and database: what makes two addresses the same database."""
    found = parts(address)
    host = found.get("hostaddr") or found.get("host", "")
    host = "127.0.0.1" if host.lower() in {"localhost", "::1"} else host.lower().rstrip(".")
    return host, found.get("port", "5432"), found.get("dbname", "")


def shown(address: str) -> str:
    """Write an address for a person to read, its password left out."""
    found = parts(address)
    host, port = found.get("host", "?"), found.get("port", "5432")
    return f"{found.get('user', '?')}@{host}:{port}/{found.get('dbname', '?')}"


def filled_by_libpq(address: str, environment: Mapping[str, str]) -> str | None:
    """Name the PG* variable that libpq would use where the address is silent; None if there is none."""
    if not address.startswith(_PREFIXES):
        return None
    try:
        found = parts(address)
    except ValueError:
        return None  # told, with its reason, when the address itself is validated
    for variable, part in _ROUTES.items():
        if environment.get(variable) and part not in found:
            return variable
    return None


def mistyped(name: str, present: Iterable[str], known: Iterable[str | None]) -> str | None:
    """Find a variable that was set and is close to, but not, one that is known."""
    strangers = [candidate for candidate in present if candidate not in set(known)]
    close = difflib.get_close_matches(name, strangers, n=1, cutoff=0.85)
    return close[0] if close else None
