"""Read how far the work on one member is, stage by stage, and have failed work done again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Work:
    """Hold the newest piece of work of one topic."""

    id: int
    topic: str
    state: str
    attempts: int
    last_error: str | None
    available_at: datetime


def newest(backend: BackendConnection, user_id: UUID) -> dict[str, Work]:
    """Read a member's newest piece of work of each topic."""
    rows = (
        backend.cursor(row_factory=class_row(Work))
        .execute(
            "SELECT DISTINCT ON (topic) id, topic, state, attempts, last_error, available_at"
            " FROM outbox WHERE user_id = %s ORDER BY topic, id DESC",
            (user_id,),
        )
        .fetchall()
    )
    return {row.topic: row for row in rows}


def again(backend: BackendConnection, user_id: UUID) -> int:
    """Have a member's failed or waiting work done at once; give how many pieces it is.

    What failed and is due by now counts: nobody who asks for it is told that there is none.
    """
    wanted = backend.execute(
        "UPDATE outbox SET state = 'pending', available_at = clock_timestamp(),"
        " attempts = CASE WHEN state = 'dead' THEN 0 ELSE attempts END"
        " WHERE user_id = %s AND (state = 'dead'"
        "  OR (state = 'pending' AND (available_at > clock_timestamp() OR last_error IS NOT NULL)))",
        (user_id,),
    )
    backend.outbox_written = True
    return wanted.rowcount
