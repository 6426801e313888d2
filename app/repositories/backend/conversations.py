"""Read and write conversations: messages in one order, read marks, one row for each pair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Conversation:
    """Hold a conversation as one of its two members sees it; numbers count its messages.

    There is no partner where the other has left for good.
    """

    match_id: UUID
    partner_id: UUID | None
    last_number: int
    my_read: int
    their_read: int
    unread: int
    opened_at: datetime
    last_at: datetime
    ended_at: datetime | None
    ended_by: UUID | None
    last_body: str | None
    last_sender_id: UUID | None


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one message and its number in its conversation."""

    id: UUID
    match_id: UUID
    number: int
    sender_id: UUID
    body: str
    created_at: datetime


def open_for(backend: BackendConnection, match_id: UUID, at: datetime) -> None:
    """Open the conversation of a match; again changes nothing."""
    backend.execute(
        "INSERT INTO conversations (match_id, user_a_id, user_b_id, last_number, a_read, b_read,"
        " opened_at, last_at) SELECT id, user_a_id, user_b_id, 0, 0, 0, %s, %s FROM matches"
        " WHERE id = %s ON CONFLICT DO NOTHING",
        (at, at, match_id),
    )


def of_member(
    backend: BackendConnection, user_id: UUID, match_id: UUID | None = None
) -> list[Conversation]:
    """List a member's conversations, or one of them, the one with the newest message first."""
    return (
        backend.cursor(row_factory=class_row(Conversation))
        .execute(
            "SELECT c.match_id, s.partner_id, c.last_number, s.my_read, s.their_read,"
            " c.opened_at, c.last_at, c.ended_at, c.ended_by, last.body AS last_body,"
            " last.sender_id AS last_sender_id,"
            " (SELECT count(*) FROM message_numbers n WHERE n.match_id = c.match_id"
            "   AND n.number > s.my_read AND n.sender_id <> %(id)s) AS unread"
            " FROM conversations c"
            " CROSS JOIN LATERAL (SELECT"
            "  CASE WHEN c.user_a_id = %(id)s THEN c.user_b_id ELSE c.user_a_id END AS partner_id,"
            "  CASE WHEN c.user_a_id = %(id)s THEN c.a_read ELSE c.b_read END AS my_read,"
            "  CASE WHEN c.user_a_id = %(id)s THEN c.b_read ELSE c.a_read END AS their_read) s"
            " LEFT JOIN message_numbers tail"
            "  ON tail.match_id = c.match_id AND tail.number = c.last_number"
            " LEFT JOIN messages last ON last.id = tail.message_id"
            " WHERE %(id)s IN (c.user_a_id, c.user_b_id)"
            "  AND (%(match)s::uuid IS NULL OR c.match_id = %(match)s)"
            " ORDER BY c.last_at DESC, c.match_id",
            {"id": user_id, "match": match_id},
        )
        .fetchall()
    )


def lock(backend: BackendConnection, match_id: UUID, user_id: UUID) -> bool:
    """Keep others from writing into a member's conversation meanwhile; False when there is none."""
    row = backend.execute(
        "SELECT 1 FROM conversations WHERE match_id = %s AND %s IN (user_a_id, user_b_id) FOR UPDATE",
        (match_id, user_id),
    ).fetchone()
    return row is not None


def by_key(backend: BackendConnection, sender_id: UUID, client_key: str) -> Message | None:
    """Find the message that a sender wrote with this key; None when it is new."""
    return (
        backend.cursor(row_factory=class_row(Message))
        .execute(
            "SELECT m.id, n.match_id, n.number, n.sender_id, m.body, m.created_at"
            " FROM message_numbers n JOIN messages m ON m.id = n.message_id"
            " WHERE n.sender_id = %s AND n.client_key = %s",
            (sender_id, client_key),
        )
        .fetchone()
    )


def write(
    backend: BackendConnection,
    match_id: UUID,
    sender_id: UUID,
    body: str,
    client_key: str,
    at: datetime,
) -> Message:
    """Append a message; the caller holds the conversation's lock, so numbers have no gaps."""
    number = backend.execute(
        "UPDATE conversations SET last_number = last_number + 1, last_at = %s WHERE match_id = %s"
        " RETURNING last_number",
        (at, match_id),
    ).fetchone()
    assert number is not None  # noqa: S101 - the caller has found and locked it
    message = Message(uuid4(), match_id, number[0], sender_id, body, at)
    backend.execute(
        "INSERT INTO messages (id, match_id, sender_id, body, created_at) VALUES (%s, %s, %s, %s, %s)",
        (message.id, match_id, sender_id, body, at),
    )
    backend.execute(
        "INSERT INTO message_numbers (message_id, match_id, number, sender_id, client_key)"
        " VALUES (%s, %s, %s, %s, %s)",
        (message.id, match_id, message.number, sender_id, client_key),
    )
    return message


def messages(
    backend: BackendConnection, match_id: UUID, *, after: int, before: int | None, limit: int
) -> list[Message]:
    """List messages in their order: the first `limit` after a number, or the last before another."""
    rows = (
        backend.cursor(row_factory=class_row(Message))
        .execute(
            "SELECT m.id, n.match_id, n.number, n.sender_id, m.body, m.created_at"
            " FROM message_numbers n JOIN messages m ON m.id = n.message_id"
            " WHERE n.match_id = %(match)s AND n.number > %(after)s"
            "  AND (%(before)s::int IS NULL OR n.number < %(before)s)"
            " ORDER BY CASE WHEN %(before)s::int IS NULL THEN n.number ELSE -n.number END"
            " LIMIT %(limit)s",
            {"match": match_id, "after": after, "before": before, "limit": limit},
        )
        .fetchall()
    )
    return sorted(rows, key=lambda message: message.number)


def mark_read(
    backend: BackendConnection, match_id: UUID, user_id: UUID, number: int, at: datetime
) -> bool:
    """Move a member's read mark forward, never back; False when it stood there already."""
    moved = backend.execute(
        "UPDATE conversations SET"
        " a_read = CASE WHEN user_a_id = %(id)s THEN greatest(a_read, least(%(n)s, last_number))"
        "  ELSE a_read END,"
        " b_read = CASE WHEN user_b_id = %(id)s THEN greatest(b_read, least(%(n)s, last_number))"
        "  ELSE b_read END"
        " WHERE match_id = %(match)s AND %(id)s IN (user_a_id, user_b_id)"
        "  AND CASE WHEN user_a_id = %(id)s THEN a_read ELSE b_read END < least(%(n)s, last_number)",
        {"id": user_id, "match": match_id, "n": number},
    )
    if moved.rowcount == 0:
        return False
    backend.execute(
        "UPDATE messages m SET read_at = %(at)s FROM message_numbers n"
        " WHERE n.message_id = m.id AND n.match_id = %(match)s AND n.number <= %(n)s"
        "  AND n.sender_id <> %(id)s AND m.read_at IS NULL",
        {"id": user_id, "match": match_id, "n": number, "at": at},
    )
    return True


def end(backend: BackendConnection, match_id: UUID, user_id: UUID, at: datetime) -> bool:
    """End a conversation for both; False when it had ended or there is none."""
    ended = backend.execute(
        "UPDATE conversations SET ended_at = %s, ended_by = %s WHERE match_id = %s"
        " AND ended_at IS NULL",
        (at, user_id, match_id),
    )
    return ended.rowcount > 0


def unread(backend: BackendConnection, user_id: UUID) -> int:
    """Count all messages to a member that they have not read."""
    row = backend.execute(
        "SELECT count(*) FROM conversations c JOIN message_numbers n ON n.match_id = c.match_id"
        " WHERE %(id)s IN (c.user_a_id, c.user_b_id) AND n.sender_id <> %(id)s"
        " AND n.number > CASE WHEN c.user_a_id = %(id)s THEN c.a_read ELSE c.b_read END"
        " AND c.ended_by IS DISTINCT FROM %(id)s",
        {"id": user_id},
    ).fetchone()
    return 0 if row is None else int(row[0])
