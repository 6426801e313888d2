"""Read and write webhooks on their way, and the log of what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection

State = Literal["waiting", "sending", "sent", "failed", "superseded"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hold one webhook: to an operator's endpoint, or without one to the backend beside us."""

    id: UUID
    endpoint_id: UUID | None
    user_id: UUID | None
    kind: str
    body: dict[str, Any]
    state: str
    attempts: int
    status_code: int | None
    last_error: str | None
    available_at: datetime
    give_up_at: datetime
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Hold one attempt to deliver, and what came of it."""

    attempt: int
    status_code: int | None
    error: str | None
    milliseconds: int
    at: datetime


def add(
    backend: BackendConnection,
    kind: str,
    body: dict[str, Any],
    *,
    user_id: UUID | None,
    lives: timedelta,
    endpoint_id: UUID | None = None,
) -> UUID:
    """Write a webhook that waits to be sent, in the transaction of what it tells of; give its id."""
    delivery_id = uuid4()
    backend.execute(
        "INSERT INTO webhook_deliveries (id, endpoint_id, user_id, kind, body, state, attempts,"
        " available_at, give_up_at, created_at)"
        " VALUES (%s, %s, %s, %s, %s, 'waiting', 0, now(), now() + %s::interval, now())",
        (delivery_id, endpoint_id, user_id, kind, Jsonb(body), lives),
    )
    backend.outbox_written = True
    return delivery_id


def supersede(backend: BackendConnection, user_id: UUID, kinds: Sequence[str]) -> None:
    """Take back what the backend was not told yet of a member, because something newer is told."""
    backend.execute(
        "UPDATE webhook_deliveries SET state = 'superseded', body = '{}',"
        " finished_at = clock_timestamp()"
        " WHERE user_id = %s AND endpoint_id IS NULL AND kind = ANY(%s) AND state = 'waiting'",
        (user_id, list(kinds)),
    )


def claim(backend: BackendConnection, *, limit: int, lease: timedelta) -> list[Delivery]:
    """Claim webhooks that are due: new, to be tried again, or whose sender vanished.

    What one receiver is told of one member's set goes out in its order, one after the other.
    """
    backend.execute("SELECT pg_advisory_xact_lock(7304, 2)")
    return (
        backend.cursor(row_factory=class_row(Delivery))
        .execute(
            "UPDATE webhook_deliveries SET state = 'sending', attempts = attempts + 1,"
            " available_at = clock_timestamp() + %(lease)s::interval"
            " WHERE id IN (SELECT d.id FROM webhook_deliveries d"
            "  WHERE d.state IN ('waiting', 'sending') AND d.available_at <= clock_timestamp()"
            "  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries other"
            "   WHERE other.user_id = d.user_id AND other.number < d.number"
            "   AND other.endpoint_id IS NOT DISTINCT FROM d.endpoint_id"
            "   AND other.kind LIKE '%%matches-ready' AND d.kind LIKE '%%matches-ready'"
            "   AND other.state IN ('waiting', 'sending'))"
            "  ORDER BY d.available_at, d.number LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, endpoint_id, user_id, kind, body, state, attempts, status_code,"
            "  last_error, available_at, give_up_at, created_at, finished_at",
            {"lease": lease, "limit": limit},
        )
        .fetchall()
    )


def log(
    backend: BackendConnection,
    delivery: Delivery,
    *,
    status_code: int | None,
    error: str | None,
    milliseconds: int,
) -> None:
    """Write down what came of an attempt."""
    backend.execute(
        "INSERT INTO webhook_attempts (delivery_id, attempt, status_code, error, milliseconds, at)"
        " SELECT d.id, coalesce(max(a.attempt), 0) + 1, %s, %s, %s, clock_timestamp()"
        " FROM webhook_deliveries d LEFT JOIN webhook_attempts a ON a.delivery_id = d.id"
        " WHERE d.id = %s GROUP BY d.id",
        (status_code, error, milliseconds, delivery.id),
    )


def finish(
    backend: BackendConnection,
    delivery_id: UUID,
    state: str,
    *,
    status_code: int | None = None,
    error: str | None = None,
) -> None:
    """Close a webhook as sent, failed or superseded."""
    backend.execute(
        "UPDATE webhook_deliveries SET state = %(state)s, status_code = %(status)s,"
        " last_error = %(error)s, finished_at = clock_timestamp(),"
        " body = CASE WHEN %(state)s = 'superseded' THEN '{}' ELSE body END"
        " WHERE id = %(id)s AND state = 'sending'",
        {"state": state, "status": status_code, "error": error, "id": delivery_id},
    )


def put_back(
    backend: BackendConnection,
    delivery_id: UUID,
    *,
    status_code: int | None,
    error: str,
    retry_in: timedelta,
) -> None:
    """Put a webhook back to be tried again later, or close it where a newer set is told by now."""
    backend.execute(
        "UPDATE webhook_deliveries d SET state = CASE WHEN d.kind LIKE '%%matches-ready'"
        "  AND EXISTS (SELECT 1 FROM webhook_deliveries later WHERE later.user_id = d.user_id"
        "   AND later.endpoint_id IS NULL AND later.kind = 'matches-ready'"
        "   AND later.number > d.number) THEN 'superseded' ELSE 'waiting' END,"
        " status_code = %s, last_error = %s,"
        " available_at = clock_timestamp() + %s::interval WHERE id = %s AND state = 'sending'",
        (status_code, error, retry_in, delivery_id),
    )


def hold(backend: BackendConnection, endpoint_id: UUID | None, retry_in: timedelta) -> None:
    """Let everything that waits for one receiver wait at least so long: it asked for it."""
    backend.execute(
        "UPDATE webhook_deliveries SET available_at = clock_timestamp() + %(wait)s::interval"
        " WHERE endpoint_id IS NOT DISTINCT FROM %(endpoint)s::uuid AND state = 'waiting'"
        " AND available_at < clock_timestamp() + %(wait)s::interval",
        {"endpoint": endpoint_id, "wait": retry_in},
    )


def listed(
    backend: BackendConnection, *, state: str | None, limit: int, ids: Sequence[UUID] | None = None
) -> list[Delivery]:
    """List webhooks, the newest first; in one state, or by id, when asked for."""
    return (
        backend.cursor(row_factory=class_row(Delivery))
        .execute(
            "SELECT id, endpoint_id, user_id, kind, body, state, attempts, status_code, last_error,"
            " available_at, give_up_at, created_at, finished_at FROM webhook_deliveries"
            " WHERE (%(state)s::text IS NULL OR state = %(state)s)"
            " AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))"
            " ORDER BY number DESC LIMIT %(limit)s",
            {"state": state, "ids": None if ids is None else list(ids), "limit": limit},
        )
        .fetchall()
    )


def attempts(backend: BackendConnection, delivery_id: UUID) -> list[Attempt]:
    """List the attempts to deliver one webhook, the first one first."""
    return (
        backend.cursor(row_factory=class_row(Attempt))
        .execute(
            "SELECT attempt, status_code, error, milliseconds, at FROM webhook_attempts"
            " WHERE delivery_id = %s ORDER BY attempt",
            (delivery_id,),
        )
        .fetchall()
    )


def replay(backend: BackendConnection, ids: Sequence[UUID], lives: timedelta) -> int:
    """Make finished webhooks due again, their attempts kept in the log; give how many."""
    backend.outbox_written = True
    return backend.execute(
        "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, finished_at = NULL,"
        " available_at = clock_timestamp(), give_up_at = clock_timestamp() + %s::interval"
        " WHERE id = ANY(%s) AND state IN ('sent', 'failed')",
        (lives, list(ids)),
    ).rowcount


def forget_finished(backend: BackendConnection, *, older_than: timedelta) -> int:
    """Remove webhooks that were finished longer ago than this, with their log; give how many."""
    return backend.execute(
        "DELETE FROM webhook_deliveries WHERE state IN ('sent', 'failed', 'superseded')"
        " AND finished_at < clock_timestamp() - %s::interval",
        (older_than,),
    ).rowcount


def told(backend: BackendConnection, user_id: UUID, digest: bytes) -> bool:
    """Remember a member's set as told; False when it is the one that was told last."""
    changed = backend.execute(
        "INSERT INTO told_matches (user_id, digest, told_at) VALUES (%s, %s, now())"
        " ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest, told_at = now()"
        " WHERE told_matches.digest <> excluded.digest",
        (user_id, digest),
    )
    return changed.rowcount > 0


def forget_told(backend: BackendConnection, user_ids: Sequence[UUID]) -> None:
    """Have members' sets told anew, whatever was told before."""
    backend.execute("DELETE FROM told_matches WHERE user_id = ANY(%s)", (list(user_ids),))
