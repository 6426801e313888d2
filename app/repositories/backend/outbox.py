"""Work that a committed change has caused, kept until it is done.

Rows are claimed by state and never by remembering an id: one committed late is found all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection
from app.observability import correlation

FURTHEST: Final = timedelta(minutes=30)  # the longest wait between two attempts is nine


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
    """Write one row of work for each member, in the transaction of the change that causes it.

    The id of the request that causes it travels along, so that the worker's logs can be joined to it.
    """
    origin = {k: v for k, v in correlation.current().items() if k == "request"}
    backend.execute(
        "INSERT INTO outbox (topic, user_id, payload, state, attempts, available_at, created_at)"
        " SELECT %s, member, %s, 'pending', 0, now(), now() FROM unnest(%s::uuid[]) AS m (member)",
        (topic, Jsonb((payload or {}) | origin), list(user_ids)),
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


def open_topics(backend: BackendConnection, topics: Sequence[str]) -> list[str]:
    """Name, in the order given, the topics with work that waits or that a worker holds."""
    rows = backend.execute(
        "SELECT t.topic FROM unnest(%s::text[]) WITH ORDINALITY AS t (topic, place)"
        " WHERE EXISTS (SELECT 1 FROM outbox o WHERE o.topic = t.topic"
        "  AND o.state IN ('pending', 'running')) ORDER BY t.place",
        (list(topics),),
    ).fetchall()
    return [row[0] for row in rows]


def claim(
    backend: BackendConnection, topics: Sequence[str], *, limit: int, lease: timedelta
) -> list[Event]:
    """Claim work that is due: new, or whose worker's lease ran out.

    One member's work is done by one worker at a time and in its order, also where an earlier row
    was committed late; only a résumé that waits to be fetched holds nothing up but, until it was tried
    once, the summary it is for. Of résumés those come first that were tried least. Match syncs are
    done by one worker at a time. No lease and no wait lies further ahead than FURTHEST: what does was
    written before the server's clock was set back.
    """
    # Claims take turns: two at once would not see each other's rows.
    backend.execute("SELECT pg_advisory_xact_lock(7304, 1)")
    order: LiteralString = "o.attempts, o.id" if list(topics) == ["read_resume"] else "o.id"
    return (
        backend.cursor(row_factory=class_row(Event))
        .execute(
            "UPDATE outbox SET state = 'running', attempts = attempts + 1,"  # noqa: S608 - constants
            " leased_until = clock_timestamp() + %(lease)s"
            " WHERE id IN (SELECT o.id FROM outbox o"
            "  WHERE o.topic = ANY(%(topics)s)"
            "  AND ((o.state = 'pending' AND NOT o.available_at BETWEEN clock_timestamp()"
            "    AND clock_timestamp() + %(furthest)s::interval)"
            "   OR (o.state = 'running' AND NOT o.leased_until BETWEEN clock_timestamp()"
            "    AND clock_timestamp() + %(furthest)s::interval))"
            "  AND NOT EXISTS (SELECT 1 FROM outbox other WHERE other.user_id = o.user_id"
            "   AND ((other.id < o.id AND other.state IN ('pending', 'running')"
            "     AND (other.state = 'running' OR other.topic <> 'read_resume'"
            "      OR (o.topic = 'register' AND other.attempts = 0)))"
            "    OR (other.state = 'running' AND other.leased_until BETWEEN clock_timestamp()"
            "     AND clock_timestamp() + %(furthest)s::interval)))"
            "  AND NOT (o.topic = 'match_sync' AND EXISTS (SELECT 1 FROM outbox busy"
            "   WHERE busy.topic = 'match_sync' AND busy.state = 'running'"
            "   AND busy.leased_until BETWEEN clock_timestamp()"
            "    AND clock_timestamp() + %(furthest)s::interval))"
            "  ORDER BY " + order + " LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, topic, user_id, payload, attempts",
            {"topics": list(topics), "limit": limit, "lease": lease, "furthest": FURTHEST},
        )
        .fetchall()
    )


def renew(backend: BackendConnection, event_ids: Sequence[int], *, lease: timedelta) -> None:
    """Lengthen the lease of work that is still being done."""
    backend.execute(
        "UPDATE outbox SET leased_until = clock_timestamp() + %s::interval"
        " WHERE id = ANY(%s) AND state = 'running'",
        (lease, list(event_ids)),
    )


def release(backend: BackendConnection, event_ids: Sequence[int]) -> None:
    """Give claimed work back untouched: it is due at once, and this was no attempt."""
    backend.execute(
        "UPDATE outbox SET state = 'pending', attempts = greatest(attempts - 1, 0),"
        " leased_until = NULL WHERE id = ANY(%s) AND state = 'running'",
        (list(event_ids),),
    )


def done(backend: BackendConnection, event_ids: Sequence[int]) -> None:
    """Mark work as done, and with it what had failed for good before it for the same members."""
    backend.execute(
        "WITH finished AS (UPDATE outbox SET state = 'done', leased_until = NULL, last_error = NULL,"
        "  finished_at = clock_timestamp() WHERE id = ANY(%s) RETURNING id, topic, user_id)"
        " UPDATE outbox dead SET state = 'done', finished_at = clock_timestamp()"
        " FROM finished WHERE dead.state = 'dead'"
        " AND dead.user_id = finished.user_id AND dead.topic = finished.topic"
        " AND dead.id < finished.id",
        (list(event_ids),),
    )


def failed(
    backend: BackendConnection, event_ids: Sequence[int], error: str, *, retry_in: timedelta | None
) -> None:
    """Put work back to be tried again later; without `retry_in` it is dead until somebody mends it.

    What another worker has finished meanwhile, after a lease ran out, stays finished.
    """
    backend.execute(
        "UPDATE outbox SET state = CASE WHEN %(retry)s::interval IS NULL THEN 'dead' ELSE 'pending'"
        " END, leased_until = NULL, last_error = %(error)s,"
        " available_at = clock_timestamp() + coalesce(%(retry)s::interval, interval '0')"
        " WHERE id = ANY(%(ids)s) AND state = 'running'",
        {"retry": retry_in, "error": error[:2000], "ids": list(event_ids)},
    )


def postpone(
    backend: BackendConnection, event_ids: Sequence[int], reason: str, *, retry_in: timedelta
) -> None:
    """Put work back that could not be tried at all; this does not count as an attempt."""
    backend.execute(
        "UPDATE outbox SET state = 'pending', attempts = greatest(attempts - 1, 0),"
        " leased_until = NULL, last_error = %s, available_at = clock_timestamp() + %s"
        " WHERE id = ANY(%s) AND state = 'running'",
        (reason[:2000], retry_in, list(event_ids)),
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
