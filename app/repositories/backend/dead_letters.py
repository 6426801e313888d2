"""Work that was given up: look at it, have it done again, or let it be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Hold a piece of work that was tried too often, and the last thing that went wrong."""

    id: int
    topic: str
    user_id: UUID | None
    payload: dict[str, Any]
    attempts: int
    last_error: str
    created_at: datetime


def listed(backend: BackendConnection, ids: Sequence[int] | None, limit: int) -> list[DeadLetter]:
    """List dead work, the oldest first; with `ids` those of them that are dead."""
    return (
        backend.cursor(row_factory=class_row(DeadLetter))
        .execute(
            "SELECT id, topic, user_id, payload, attempts, coalesce(last_error, '') AS last_error,"
            " created_at FROM outbox WHERE state = 'dead'"
            " AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) ORDER BY id LIMIT %(limit)s",
            {"ids": None if ids is None else list(ids), "limit": limit},
        )
        .fetchall()
    )


def rerun(backend: BackendConnection, ids: Sequence[int] | None) -> list[int]:
    """Make dead work due at once, its attempts forgotten; None means all. Give the ids."""
    rows = backend.execute(
        "UPDATE outbox SET state = 'pending', attempts = 0, available_at = clock_timestamp()"
        " WHERE state = 'dead' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) RETURNING id",
        {"ids": None if ids is None else list(ids)},
    ).fetchall()
    backend.outbox_written = True
    return sorted(row[0] for row in rows)


def discard(backend: BackendConnection, ids: Sequence[int]) -> list[int]:
    """Close dead work undone, its last error kept; give the ids."""
    rows = backend.execute(
        "UPDATE outbox SET state = 'done', finished_at = clock_timestamp(),"
        " last_error = 'discarded: ' || coalesce(last_error, '')"
        " WHERE state = 'dead' AND id = ANY(%s) RETURNING id",
        (list(ids),),
    ).fetchall()
    return sorted(row[0] for row in rows)


def forget_finished(backend: BackendConnection, *, older_than: timedelta) -> int:
    """Remove finished work that is older than this; give how many rows went."""
    return backend.execute(
        "DELETE FROM outbox WHERE state = 'done' AND finished_at < clock_timestamp() - %s::interval",
        (older_than,),
    ).rowcount
