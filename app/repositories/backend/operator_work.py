"""List the work of the outbox for those who run this place, and look at one piece of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection

State = Literal["pending", "running", "dead"]


@dataclass(frozen=True, slots=True)
class Work:
    """Hold one piece of work with everything that is known of it."""

    id: int
    topic: str
    user_id: UUID | None
    email: str | None
    payload: dict[str, Any]
    state: str
    attempts: int
    last_error: str
    available_at: datetime
    leased_until: datetime | None
    created_at: datetime
    finished_at: datetime | None


def listed(backend: BackendConnection, state: State, *, limit: int, after: int = 0) -> list[Work]:
    """List work in one state, the oldest first, after the one with this number."""
    return (
        backend.cursor(row_factory=class_row(Work))
        .execute(
            "SELECT o.id, o.topic, o.user_id, u.email, o.payload, o.state, o.attempts,"
            " coalesce(o.last_error, '') AS last_error, o.available_at, o.leased_until,"
            " o.created_at, o.finished_at FROM outbox o LEFT JOIN users u ON u.id = o.user_id"
            " WHERE o.state = %s AND o.id > %s ORDER BY o.id LIMIT %s",
            (state, after, limit),
        )
        .fetchall()
    )


def one(backend: BackendConnection, number: int) -> Work | None:
    """Read one piece of work in whatever state; None when it is not there, or no longer."""
    return (
        backend.cursor(row_factory=class_row(Work))
        .execute(
            "SELECT o.id, o.topic, o.user_id, u.email, o.payload, o.state, o.attempts,"
            " coalesce(o.last_error, '') AS last_error, o.available_at, o.leased_until,"
            " o.created_at, o.finished_at FROM outbox o LEFT JOIN users u ON u.id = o.user_id"
            " WHERE o.id = %s",
            (number,),
        )
        .fetchone()
    )


def hurry(backend: BackendConnection, number: int) -> bool:
    """Make waiting work due at once; False when it does not wait."""
    changed = backend.execute(
        "UPDATE outbox SET available_at = clock_timestamp() WHERE id = %s AND state = 'pending'",
        (number,),
    )
    backend.outbox_written = True
    return changed.rowcount > 0
