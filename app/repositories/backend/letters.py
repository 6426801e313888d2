"""Read and write e-mail on its way: written with the change that causes it, sent afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold one e-mail."""

    id: UUID
    recipient: str
    subject: str
    body: str
    attempts: int
    created_at: datetime
    unsubscribe: str


def add(
    backend: BackendConnection,
    user_id: UUID | None,
    recipient: str,
    subject: str,
    body: str,
    *,
    unsubscribe: str = "",
) -> None:
    """Write a letter that waits to be sent; `unsubscribe` is the link that stops its like."""
    backend.execute(
        "INSERT INTO letters (id, user_id, recipient, subject, body, unsubscribe, state, attempts,"
        " available_at, created_at) VALUES (%s, %s, %s, %s, %s, %s, 'waiting', 0, now(), now())",
        (uuid4(), user_id, recipient, subject, body, unsubscribe),
    )


def claim(backend: BackendConnection, *, limit: int, lease: timedelta) -> list[Letter]:
    """Claim letters that are due: new, to be tried again, or whose sender vanished."""
    return (
        backend.cursor(row_factory=class_row(Letter))
        .execute(
            "UPDATE letters SET state = 'sending', attempts = attempts + 1,"
            " available_at = clock_timestamp() + %(lease)s::interval"
            " WHERE id IN (SELECT id FROM letters WHERE state IN ('waiting', 'sending')"
            "  AND available_at <= clock_timestamp() ORDER BY available_at LIMIT %(limit)s"
            "  FOR UPDATE SKIP LOCKED)"
            " RETURNING id, recipient, subject, body, attempts, created_at, unsubscribe",
            {"lease": lease, "limit": limit},
        )
        .fetchall()
    )


def sent(backend: BackendConnection, letter: Letter) -> bool:
    """Mark a letter as sent; its words, which may hold a link that lets in, are not kept.

    Whoever lost their claim by now changes nothing more; False then, where it was sent already.
    """
    marked = backend.execute(
        "UPDATE letters SET state = 'sent', body = '', unsubscribe = '', last_error = NULL,"
        " sent_at = clock_timestamp() WHERE id = %s AND state <> 'sent' RETURNING attempts",
        (letter.id,),
    ).fetchone()
    _forget_of_nobody(backend, letter.id)
    return marked is not None and int(marked[0]) == letter.attempts


def failed(
    backend: BackendConnection, letter: Letter, error: str, *, retry_in: timedelta | None
) -> None:
    """Put a letter back to be tried again; without `retry_in` it is given up and its words go.

    A claim that somebody else has taken over meanwhile is left alone.
    """
    backend.execute(
        "UPDATE letters SET state = CASE WHEN %(retry)s::interval IS NULL THEN 'failed'"
        "  ELSE 'waiting' END,"
        " body = CASE WHEN %(retry)s::interval IS NULL THEN '' ELSE body END,"
        " last_error = %(error)s,"
        " available_at = clock_timestamp() + coalesce(%(retry)s::interval, interval '0')"
        " WHERE id = %(id)s AND state = 'sending' AND attempts = %(attempts)s",
        {
            "retry": retry_in, "error": error[:500], "id": letter.id, "attempts": letter.attempts,
        },
    )  # fmt: skip
    if retry_in is None:
        _forget_of_nobody(backend, letter.id)


def _forget_of_nobody(backend: BackendConnection, letter_id: UUID) -> None:
    """Remove a letter that is done with, where its member has left meanwhile."""
    backend.execute(
        "DELETE FROM letters l WHERE l.id = %s AND l.user_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = l.user_id)",
        (letter_id,),
    )


def newest(backend: BackendConnection, *, limit: int) -> list[Letter]:
    """List the newest letters, whoever they are for: for the outbox page of a development machine."""
    return (
        backend.cursor(row_factory=class_row(Letter))
        .execute(
            "SELECT id, recipient, subject, body, attempts, created_at, unsubscribe FROM letters"
            " ORDER BY created_at DESC, id LIMIT %s",
            (limit,),
        )
        .fetchall()
    )
