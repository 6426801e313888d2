"""Read and write who is leaving, and what was removed of those who have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Departure:
    """Say when somebody asked to be erased, and when that happens."""

    user_id: UUID
    asked_at: datetime
    erase_at: datetime
    took_introductions: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """Hold what was removed where; `vectors` is None until the AI database has been cleared."""

    id: UUID
    erased_at: datetime
    removed: Mapping[str, int]
    vectors: Mapping[str, int] | None
    completed_at: datetime | None


def ask(backend: BackendConnection, user_id: UUID, at: datetime, erase_at: datetime) -> bool:
    """Write that somebody wants to be erased, and whether they took introductions; once only."""
    asked = backend.execute(
        "INSERT INTO departures (user_id, asked_at, erase_at, took_introductions)"
        " SELECT id, %s, %s, allow_matching FROM users WHERE id = %s ON CONFLICT DO NOTHING",
        (at, erase_at, user_id),
    )
    return asked.rowcount > 0


def take_back(backend: BackendConnection, user_id: UUID) -> Departure | None:
    """Remove the wish to be erased, and give it; None when there was none."""
    return (
        backend.cursor(row_factory=class_row(Departure))
        .execute(
            "DELETE FROM departures WHERE user_id = %s"
            " RETURNING user_id, asked_at, erase_at, took_introductions",
            (user_id,),
        )
        .fetchone()
    )


def of_member(backend: BackendConnection, user_id: UUID) -> Departure | None:
    """Find when a member is erased; None when they are not leaving."""
    return (
        backend.cursor(row_factory=class_row(Departure))
        .execute(
            "SELECT user_id, asked_at, erase_at, took_introductions FROM departures"
            " WHERE user_id = %s",
            (user_id,),
        )
        .fetchone()
    )


def next_due(backend: BackendConnection, at: datetime) -> tuple[UUID, str] | None:
    """Take somebody whose days are over, with their address; others pass them by meanwhile."""
    row = backend.execute(
        "SELECT d.user_id, u.email FROM departures d JOIN users u ON u.id = d.user_id"
        " WHERE d.erase_at <= %s ORDER BY d.erase_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED",
        (at,),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def add_receipt(
    backend: BackendConnection,
    user_id: UUID,
    email: str | None,
    removed: Mapping[str, int],
    at: datetime,
    language: str,
) -> UUID:
    """Write what was removed from the backend database; the vectors follow."""
    receipt_id = uuid4()
    backend.execute(
        "INSERT INTO erasure_receipts (id, user_id, email, erased_at, removed, language)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (receipt_id, user_id, email, at, Jsonb(dict(removed)), language),
    )
    return receipt_id


def note_vectors(
    backend: BackendConnection, user_ids: Sequence[UUID], counts: Sequence[Mapping[str, int]]
) -> None:
    """Write what is about to be removed from the AI database; what was noted first stays."""
    with backend.cursor() as cursor:
        cursor.executemany(
            "UPDATE erasure_receipts SET vectors = %s WHERE user_id = %s AND vectors IS NULL",
            [
                (Jsonb(dict(count)), user_id)
                for user_id, count in zip(user_ids, counts, strict=True)
            ],
        )


def complete(backend: BackendConnection, user_ids: Sequence[UUID], at: datetime) -> None:
    """Write that the vectors are gone; from then on the receipt names nobody."""
    backend.execute(
        "UPDATE erasure_receipts SET completed_at = %s, user_id = NULL WHERE user_id = ANY(%s)",
        (at, list(user_ids)),
    )


def receipt(backend: BackendConnection, receipt_id: UUID) -> Receipt | None:
    """Find a receipt by its id, which only the letter tells; None when there is none."""
    return (
        backend.cursor(row_factory=class_row(Receipt))
        .execute(
            "SELECT id, erased_at, removed, vectors, completed_at FROM erasure_receipts"
            " WHERE id = %s",
            (receipt_id,),
        )
        .fetchone()
    )


def take_letter(backend: BackendConnection) -> tuple[UUID, str, str] | None:
    """Take a receipt whose letter is to be written, and forget the address it goes to.

    Gives the receipt's id, the address and the language.
    """
    row = backend.execute(
        "WITH due AS (SELECT id, email FROM erasure_receipts"
        "  WHERE email IS NOT NULL AND completed_at IS NOT NULL"
        "  ORDER BY completed_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " UPDATE erasure_receipts r SET email = NULL FROM due WHERE r.id = due.id"
        " RETURNING r.id, due.email, r.language",
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])
