"""Work that a committed change has caused, kept until it is done.

Rows are claimed by state and never by remembering an id: one committed late is found all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one piece of work: its topic, whose it is, and how often it was tried."""

    id: int
    topic: str
    user_id: UUID | None
    payload: dict[str, Any]
    attempts: int


def add(
    backend: BackendConnection,
    topic: str,
    user_ids: Sequence[UUID],
    payload: dict[str, Any] | None = None,
) -> None:
    """Write one row of work for each member, in the transaction of the change that causes it."""
    backend.execute(
        "INSERT INTO outbox (topic, user_id, payload, state, attempts, available_at, created_at)"
        " SELECT %s, member, %s, 'pending', 0, now(), now() FROM unnest(%s::uuid[]) AS m (member)",
        (topic, Jsonb(payload or {}), list(user_ids)),
    )
    backend.outbox_written = True


def add_for_everybody(backend: BackendConnection, topic: str) -> None:
    """Write one row of work that is about all members at once."""
    backend.execute(
        "INSERT INTO outbox (topic, payload, state, attempts, available_at, created_at)"
        " VALUES (%s, '{}', 'pending', 0, now(), now())",
        (topic,),
    )
    backend.outbox_written = True


def claim(
    backend: BackendConnection, topics: Sequence[str], *, limit: int, lease: timedelta
) -> list[Event]:
    """Claim work that is due: new, or whose worker's lease ran out; one member's in its order."""
    return (
        backend.cursor(row_factory=class_row(Event))
        .execute(
            "UPDATE outbox SET state = 'running', attempts = attempts + 1,"
            " leased_until = clock_timestamp() + %(lease)s"
            " WHERE id IN (SELECT o.id FROM outbox o"
            "  WHERE o.topic = ANY(%(topics)s)"
            "  AND ((o.state = 'pending' AND o.available_at <= clock_timestamp())"
            "   OR (o.state = 'running' AND o.leased_until < clock_timestamp()))"
            "  AND NOT EXISTS (SELECT 1 FROM outbox earlier WHERE earlier.user_id = o.user_id"
            "   AND earlier.id < o.id AND earlier.state IN ('pending', 'running'))"
            "  ORDER BY o.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, topic, user_id, payload, attempts",
            {"topics": list(topics), "limit": limit, "lease": lease},
        )
        .fetchall()
    )


def done(backend: BackendConnection, event_ids: Sequence[int]) -> None:
    """Mark work as done."""
    backend.execute(
        "UPDATE outbox SET state = 'done', leased_until = NULL, last_error = NULL,"
        " finished_at = clock_timestamp() WHERE id = ANY(%s)",
        (list(event_ids),),
    )


def failed(
    backend: BackendConnection, event_ids: Sequence[int], error: str, *, retry_in: timedelta | None
) -> None:
    """Put work back to be tried again later; without `retry_in` it is dead until somebody mends it."""
    backend.execute(
        "UPDATE outbox SET state = CASE WHEN %(retry)s::interval IS NULL THEN 'dead' ELSE 'pending'"
        " END, leased_until = NULL, last_error = %(error)s,"
        " available_at = clock_timestamp() + coalesce(%(retry)s::interval, interval '0')"
        " WHERE id = ANY(%(ids)s)",
        {"retry": retry_in, "error": error[:2000], "ids": list(event_ids)},
    )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Count work by state; `oldest` is the age in seconds of the oldest unfinished row."""

    pending: int
    running: int
    dead: int
    oldest: float


def backlog(backend: BackendConnection) -> Backlog:
    """Count the work that is not done."""
    row = (
        backend.cursor(row_factory=class_row(Backlog))
        .execute(
            "SELECT count(*) FILTER (WHERE state = 'pending') AS pending,"
            " count(*) FILTER (WHERE state = 'running') AS running,"
            " count(*) FILTER (WHERE state = 'dead') AS dead,"
            " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)"
            "  FILTER (WHERE state IN ('pending', 'running'))), 0)::float8 AS oldest"
            " FROM outbox WHERE state <> 'done'"
        )
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives one row
    return row


@dataclass(frozen=True, slots=True)
class Waiting:
    """Count one member's unfinished and dead work, with the last error of the dead."""

    open: int
    dead: int
    last_error: str


def of_member(backend: BackendConnection, user_id: UUID) -> Waiting:
    """Say what work on one member is not done."""
    row = (
        backend.cursor(row_factory=class_row(Waiting))
        .execute(
            "SELECT count(*) FILTER (WHERE state IN ('pending', 'running')) AS open,"
            " count(*) FILTER (WHERE state = 'dead') AS dead,"
            " coalesce(max(last_error) FILTER (WHERE state = 'dead'), '') AS last_error"
            " FROM outbox WHERE user_id = %s AND state <> 'done'",
            (user_id,),
        )
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives one row
    return row
