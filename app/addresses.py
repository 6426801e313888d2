"""Read the address of a database without ever showing its password."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

# What would decide where a connection goes, as whom and how far it is trusted, by the variable
# libpq reads it from when the address is silent.
ROUTES: Final = {
    "PGHOSTADDR": "hostaddr",
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGSERVICE": "service",
    "PGOPTIONS": "options",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGSSLMODE": "sslmode",
    "PGREQUIRESSL": "sslmode",
    "PGREQUIREPEER": "requirepeer",
    "PGREQUIREAUTH": "require_auth",
}
FORM: Final = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_PREFIXES: Final = ("postgresql://", "postgres://")
_HOST: Final = r"(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._\-]+|%2[Ff][A-Za-z0-9._%/\-]*)"
_HOSTS: Final = re.compile(rf"(?:{_HOST}(?::\d+)?(?:,{_HOST}(?::\d+)?)*)?\Z")
# Parts that take a connection, or its names, elsewhere than host, port and database say.
_ELSEWHERE: Final = {
    "service": "a service file would decide where it goes",
    "servicefile": "a service file would decide where it goes",
    "options": "settings of the session are made by the program alone",
    "replication": "such a connection knows no tables",
}


def parts(address: str) -> dict[str, str]:
    """Split an address into libpq's parts; raise ValueError without repeating any of it."""
    try:
        found = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise ValueError(
            f"it is not a PostgreSQL address; write {FORM}, with special characters of the password"
            " percent-encoded"
        ) from None  # libpq's own message may repeat the password
    return {key: str(value) for key, value in found.items() if value not in (None, "")}


def checked(value: object) -> object:
    """Accept a whole address and nothing less: host, user and database named in it.

    Raises ValueError whose words repeat nothing of the address: where it is broken, any part of it
    may be the password.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise ValueError(f"it is empty; write {FORM}")
    if value != value.strip() or "\0" in value:
        raise ValueError("it begins or ends with blanks, or holds a zero byte; remove them")
    if not value.startswith(_PREFIXES):
        raise ValueError("it must begin with postgresql://")
    found = parts(value)
    _well_formed(value)
    missing = [name for name in ("host", "user", "dbname") if name not in found]
    if missing:
        words = {"host": "host", "user": "user", "dbname": "database name"}
        raise ValueError(
            f"it has no {' and no '.join(words[name] for name in missing)}; write {FORM}"
        )
    for name, reason in _ELSEWHERE.items():
        if name in found:
            raise ValueError(f"it holds {name}=, which is refused: {reason}; leave it out")
    return value


def _well_formed(address: str) -> None:
    """Refuse what libpq would take apart at another place than a person: its errors repeat it."""
    rest = address.split("://", 1)[1].split("?", 1)[0]
    place_of_at = rest.rfind("@")
    authority, _, name = rest[place_of_at + 1 :].partition("/")
    broken = (
        rest.count("@") > 1
        or "/" in rest[: max(place_of_at, 0)]
        or not _HOSTS.fullmatch(authority)
        or re.search(r"[/:@]", unquote(name))
    )
    if broken:
        raise ValueError(
            "it cannot be taken apart with certainty: special characters of the password (such as @"
            f" : / ? #) must be percent-encoded (%40 %3A %2F %3F %23), and a port is a number. Write {FORM}"
        )


def place(address: str) -> tuple[str, str, str]:
    """Give host, port and database: what makes two addresses the same database."""
    found = parts(address)
    host = (found.get("hostaddr") or found.get("host", "")).lower().rstrip(".")
    host = "127.0.0.1" if host in {"localhost", "::1"} else host
    return host, found.get("port", "5432"), found.get("dbname", "")


def shown(address: str) -> str:
    """Write an address for a person to read, its password left out."""
    try:
        checked(address)
    except ValueError:
        return "(an address that cannot be read)"
    found = parts(address)
    host, port = found.get("host", "?"), found.get("port", "5432")
    return f"{found.get('user', '?')}@{host}:{port}/{found.get('dbname', '?')}"


def without_password(text: str, address: str) -> str:
    """Cut the password of an address out of somebody else's words."""
    try:
        found = parts(address)
    except ValueError:
        return text
    open_parts = {value for key, value in found.items() if key not in {"password", "sslpassword"}}
    for secret in (found.get("password"), found.get("sslpassword")):
        # One that is the user's or the database's name as well says nothing new.
        if secret and not any(secret in part for part in open_parts):
            text = text.replace(secret, "(password)")
    return text


def filled_by_libpq(address: str, environment: Mapping[str, str]) -> str | None:
    """Name the PG* variable that libpq would use where the address is silent; None if there is none."""
    if not address.startswith(_PREFIXES):
        return None
    try:
        found = parts(address)
    except ValueError:
        return None  # told, with its reason, when the address itself is validated
    for variable, part in ROUTES.items():
        if environment.get(variable) and part not in found:
            return variable
    return None


def mistyped(name: str, present: Iterable[str], known: Iterable[str | None]) -> str | None:
    """Find a variable that was set and resembles, but is not, one that is known; a hint, no proof."""
    taken = set(known)
    by_upper = {candidate.upper(): candidate for candidate in present if candidate not in taken}
    close = difflib.get_close_matches(name, list(by_upper), n=1, cutoff=0.7)
    return by_upper[close[0]] if close else None


def slip(name: str, known: Iterable[str]) -> str | None:
    """Find the known variable that a name differs from by a slip of the finger; None if by more.

    A slip is another case, one letter too many, too few, wrong, or two exchanged; a name of twelve
    letters or more may hold two. `known` must not hold the name itself.
    """
    for other in known:
        if name.upper() == other.upper():
            return other
        allowed = 2 if len(other) >= 12 else 1  # noqa: PLR2004 - said in the docstring
        if abs(len(name) - len(other)) > allowed:
            continue
        if _distance(name.upper(), other) <= allowed:
            return other
    return None


def _distance(left: str, right: str) -> int:
    """Count the slips between two words (optimal string alignment; Damerau 1964)."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, letter in enumerate(left, start=1):
        current = [i]
        for j, other in enumerate(right, start=1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + int(letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
