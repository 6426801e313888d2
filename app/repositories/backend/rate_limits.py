"""Count attempts in the database, so that every process keeps to one limit."""

from __future__ import annotations

from datetime import timedelta

from app.databases.connections import BackendConnection


def take(
    backend: BackendConnection, key: bytes, *, every: timedelta, burst: int
) -> timedelta | None:
    """Take one attempt; None when it is allowed, else how long until the next one is.

    Generic cell rate algorithm (ITU-T I.371): one attempt every `every`, `burst` of them at once.
    One statement, so that two attempts at the same moment are both counted.
    """
    taken = backend.execute(
        "INSERT INTO rate_limits AS known (key, due_at) VALUES (%(key)s, now() + %(every)s::interval)"
        " ON CONFLICT (key) DO UPDATE SET due_at = greatest(known.due_at, now()) + %(every)s::interval"
        " WHERE known.due_at <= now() + %(slack)s::interval RETURNING due_at",
        {"key": key, "every": every, "slack": every * (burst - 1)},
    ).fetchone()
    if taken is not None:
        return None
    row = backend.execute(
        "SELECT due_at - %s::interval - now() FROM rate_limits WHERE key = %s",
        (every * (burst - 1), key),
    ).fetchone()
    return every if row is None else max(row[0], timedelta(seconds=1))


def forget_old(backend: BackendConnection) -> None:
    """Forget counts that no longer stand in anybody's way."""
    backend.execute("DELETE FROM rate_limits WHERE due_at < now()")
