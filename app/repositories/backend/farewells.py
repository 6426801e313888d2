"""Keep, for whoever stays, a conversation with somebody who has left: their own words alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.repositories.backend.conversations import Conversation, Message


def keep(backend: BackendConnection, leaver_id: UUID, at: datetime) -> list[UUID]:
    """Keep the leaver's conversations for their partners; name the partners.

    Nothing of the leaver is kept, not even their id. A conversation that a partner has ended is gone
    for them already.
    """
    stayed = backend.execute(
        "INSERT INTO farewells (id, user_id, opened_at, last_at, ended_at)"
        " SELECT c.match_id, s.partner_id, c.opened_at, c.last_at, coalesce(c.ended_at, %(at)s)"
        " FROM conversations c CROSS JOIN LATERAL (SELECT CASE WHEN c.user_a_id = %(id)s"
        "  THEN c.user_b_id ELSE c.user_a_id END AS partner_id) s"
        " WHERE %(id)s IN (c.user_a_id, c.user_b_id) AND c.ended_by IS DISTINCT FROM s.partner_id"
        " RETURNING user_id",
        {"id": leaver_id, "at": at},
    ).fetchall()
    backend.execute(
        "INSERT INTO kept_messages (id, farewell_id, user_id, number, body, created_at)"
        " SELECT m.id, f.id, f.user_id,"
        "  row_number() OVER (PARTITION BY f.id ORDER BY n.number), m.body, m.created_at"
        " FROM conversations c JOIN farewells f ON f.id = c.match_id"
        " JOIN message_numbers n ON n.match_id = f.id AND n.sender_id = f.user_id"
        " JOIN messages m ON m.id = n.message_id"
        " WHERE %(id)s IN (c.user_a_id, c.user_b_id)",
        {"id": leaver_id},
    )
    return [row[0] for row in stayed]


def of_member(
    backend: BackendConnection, user_id: UUID, match_id: UUID | None = None
) -> list[Conversation]:
    """List a member's conversations with people who have left, or one of them."""
    return (
        backend.cursor(row_factory=class_row(Conversation))
        .execute(
            "SELECT f.id AS match_id, NULL::uuid AS partner_id,"
            " coalesce(last.number, 0) AS last_number, coalesce(last.number, 0) AS my_read,"
            " 0 AS their_read, 0 AS unread, f.opened_at, f.last_at, f.ended_at,"
            " NULL::uuid AS ended_by, last.body AS last_body, last.user_id AS last_sender_id"
            " FROM farewells f LEFT JOIN LATERAL (SELECT k.number, k.body, k.user_id"
            "  FROM kept_messages k WHERE k.farewell_id = f.id ORDER BY k.number DESC LIMIT 1) last"
            "  ON true"
            " WHERE f.user_id = %(id)s AND (%(match)s::uuid IS NULL OR f.id = %(match)s)"
            " ORDER BY f.last_at DESC, f.id",
            {"id": user_id, "match": match_id},
        )
        .fetchall()
    )


def messages(
    backend: BackendConnection, match_id: UUID, *, after: int, before: int | None, limit: int
) -> list[Message]:
    """List what is left of a conversation: the first `limit` after a number, or the last before."""
    rows = (
        backend.cursor(row_factory=class_row(Message))
        .execute(
            "SELECT id, farewell_id AS match_id, number, user_id AS sender_id, body, created_at"
            " FROM kept_messages WHERE farewell_id = %(match)s AND number > %(after)s"
            "  AND (%(before)s::int IS NULL OR number < %(before)s)"
            " ORDER BY CASE WHEN %(before)s::int IS NULL THEN number ELSE -number END"
            " LIMIT %(limit)s",
            {"match": match_id, "after": after, "before": before, "limit": limit},
        )
        .fetchall()
    )
    return sorted(rows, key=lambda message: message.number)


def drop(backend: BackendConnection, user_id: UUID, match_id: UUID) -> bool:
    """Remove what a member has kept of a conversation; False when there is nothing."""
    dropped = backend.execute(
        "DELETE FROM farewells WHERE id = %s AND user_id = %s", (match_id, user_id)
    )
    return dropped.rowcount > 0
