"""Read and write what was understood in onboarding, and the member's corrections to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.domain.statements import Importance
from app.errors import NotFoundError
from app.repositories.backend.onboarding import Session


@dataclass(frozen=True, slots=True)
class Item:
    """Hold one need, offer or fact, and the part of the message that it came from.

    `confidence` is 1 for what the member wrote or confirmed; `vague` says that it is too little to
    match on; `aspect` is the question that a fact answers, where one was asked for it. `importance`
    is main or minor; a fact has no other than main.
    """

    id: UUID
    message_id: UUID | None
    start: int | None
    stop: int | None
    kind: str
    aspect: str
    text: str
    confidence: float
    vague: bool
    origin: str
    created_at: datetime
    removed: bool = False
    importance: str = "main"


def identity(message_id: UUID, start: int, stop: int) -> UUID:
    """Give the id of what one part of a message says, the same each time it is derived."""
    return uuid5(message_id, f"{start}:{stop}")


def of_session(
    backend: BackendConnection, session_id: UUID, *, removed: bool = False
) -> list[Item]:
    """List a session's items in the order in which they were said, the removed ones if wanted."""
    return (
        backend.cursor(row_factory=class_row(Item))
        .execute(
            "SELECT i.id, i.message_id, i.start, i.stop, i.kind, i.aspect, i.text, i.confidence,"
            " i.vague, i.origin, i.created_at, i.removed_at IS NOT NULL AS removed, i.importance"
            " FROM onboarding_items i LEFT JOIN onboarding_messages m ON m.id = i.message_id"
            " WHERE i.session_id = %s AND (%s OR i.removed_at IS NULL)"
            " ORDER BY coalesce(m.created_at, i.created_at), m.position NULLS LAST, i.start, i.id",
            (session_id, removed),
        )
        .fetchall()
    )


def derive(
    backend: BackendConnection, session: Session, message_id: UUID, items: Sequence[Item]
) -> None:
    """Replace what was derived from a message; what the member has touched stays as it is."""
    backend.execute(
        "DELETE FROM onboarding_items WHERE message_id = %s AND origin = 'derived'", (message_id,)
    )
    write(backend, session, items)


def write(backend: BackendConnection, session: Session, items: Sequence[Item]) -> None:
    """Write items that do not exist yet; an id that does exist is left alone."""
    with backend.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO onboarding_items (id, session_id, user_id, message_id, start, stop, kind,"
            " aspect, text, confidence, vague, origin, importance, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO NOTHING",
            [
                (
                    item.id, session.id, session.user_id, item.message_id, item.start, item.stop,
                    item.kind, item.aspect, item.text, item.confidence, item.vague, item.origin,
                    item.importance, item.created_at,
                )
                for item in items
            ],
        )  # fmt: skip


def change(
    backend: BackendConnection,
    session: Session,
    item_id: UUID,
    kind: str,
    text: str,
    *,
    vague: bool,
    importance: Importance | None = None,
) -> None:
    """Set an item's kind and words as the member wants them; from then on they win.

    Without an importance it keeps the one it had; a fact counts in full whatever it was before.
    """
    weighed = Importance.MAIN if kind == "fact" else importance
    changed = backend.execute(
        "UPDATE onboarding_items SET kind = %s, text = %s, vague = %s, confidence = 1,"
        " importance = coalesce(%s::text, importance), origin = 'member', removed_at = NULL"
        " WHERE id = %s AND session_id = %s",
        (kind, text, vague, weighed.value if weighed else None, item_id, session.id),
    )
    if changed.rowcount == 0:
        raise NotFoundError(
            "There is nothing with the id {item} here; nothing was changed.", item=item_id
        )


def weigh(
    backend: BackendConnection, session: Session, item_id: UUID, importance: Importance
) -> None:
    """Set how much a need or an offer counts; like every word of the member's it stays from then on."""
    changed = backend.execute(
        "UPDATE onboarding_items SET importance = %s, confidence = 1, origin = 'member'"
        " WHERE id = %s AND session_id = %s AND kind <> 'fact' AND removed_at IS NULL",
        (importance.value, item_id, session.id),
    )
    if changed.rowcount == 0:
        raise NotFoundError(
            "There is no need or offer with the id {item} here; nothing was changed.", item=item_id
        )


def remove(backend: BackendConnection, session: Session, item_id: UUID, at: datetime) -> None:
    """Take an item off the lists for good; it stays known so that it is not derived again."""
    changed = backend.execute(
        "UPDATE onboarding_items SET origin = 'member', removed_at = coalesce(removed_at, %s)"
        " WHERE id = %s AND session_id = %s",
        (at, item_id, session.id),
    )
    if changed.rowcount == 0:
        raise NotFoundError(
            "There is nothing with the id {item} here; nothing was removed.", item=item_id
        )
