"""Read and write how soon members want to be told of what, and find out what there is to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.domain.notifications import DEFAULTS, Kind, Pace


@dataclass(frozen=True, slots=True)
class Reader:
    """Hold a member to whom letters may be sent, and when they were last told of each kind."""

    user_id: UUID
    email: str
    first_name: str
    paces: Mapping[Kind, Pace]
    told: Mapping[Kind, datetime]


def paces(backend: BackendConnection, user_id: UUID) -> dict[Kind, Pace]:
    """Give how soon a member wants to be told of each kind."""
    rows = backend.execute(
        "SELECT kind, pace FROM notification_choices WHERE user_id = %s", (user_id,)
    ).fetchall()
    return {**DEFAULTS, **dict(rows)}


def put(backend: BackendConnection, user_id: UUID, kind: Kind, pace: Pace) -> None:
    """Write how soon a member wants to be told of one kind."""
    backend.execute(
        "INSERT INTO notification_choices (user_id, kind, pace) VALUES (%s, %s, %s)"
        " ON CONFLICT (user_id, kind) DO UPDATE SET pace = excluded.pace",
        (user_id, kind, pace),
    )


def told(
    backend: BackendConnection, user_id: UUID, kinds: Mapping[Kind, Pace], at: datetime
) -> None:
    """Write that a member was told of these kinds."""
    with backend.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO notification_choices (user_id, kind, pace, told_at)"
            " VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (user_id, kind) DO UPDATE SET told_at = excluded.told_at",
            [(user_id, kind, pace, at) for kind, pace in kinds.items()],
        )


def candidates(backend: BackendConnection, at: datetime, *, quiet: timedelta) -> list[UUID]:
    """Name members with a confirmed address for whom something may be new, roughly and quickly.

    A message younger than `quiet` is left for whoever sits before the page to read it there.
    """
    rows = backend.execute(
        "SELECT u.id FROM users u"
        " WHERE u.is_active AND u.is_email_verified AND u.deleted_at IS NULL AND ("
        "  EXISTS (SELECT 1 FROM conversations c WHERE u.id IN (c.user_a_id, c.user_b_id)"
        "   AND c.ended_at IS NULL AND c.last_at <= %(at)s::timestamptz - %(quiet)s::interval"
        "   AND c.last_at > coalesce((SELECT min(coalesce(n.told_at, '-infinity'))"
        "    FROM notification_choices n WHERE n.user_id = u.id"
        "    AND n.kind IN ('messages', 'opened')), '-infinity'))"
        "  OR u.allow_matching AND EXISTS (SELECT 1 FROM matches m"
        "   WHERE u.id IN (m.user_a_id, m.user_b_id)"
        "   AND m.user_a_decision = 'pending' AND m.user_b_decision = 'pending'"
        "   AND m.created_at > coalesce((SELECT n.told_at FROM notification_choices n"
        "    WHERE n.user_id = u.id AND n.kind = 'introductions'), '-infinity')))"
        " ORDER BY u.id",
        {"at": at, "quiet": quiet},
    ).fetchall()
    return [row[0] for row in rows]


def reader(backend: BackendConnection, user_id: UUID) -> Reader | None:
    """Read whom a letter would go to, and keep others from writing to them at the same time.

    None when somebody else is at it, or the member is gone.
    """
    row = backend.execute(
        "SELECT email, first_name FROM users WHERE id = %s AND is_active AND deleted_at IS NULL"
        " FOR UPDATE SKIP LOCKED",
        (user_id,),
    ).fetchone()
    if row is None:
        return None
    known = backend.execute(
        "SELECT kind, pace, told_at FROM notification_choices WHERE user_id = %s", (user_id,)
    ).fetchall()
    return Reader(
        user_id,
        row[0],
        row[1],
        {**DEFAULTS, **{kind: pace for kind, pace, _ in known}},
        {kind: at for kind, _, at in known if at is not None},
    )


@dataclass(frozen=True, slots=True)
class Link:
    """Hold whose letters a link stops, and of which kinds."""

    user_id: UUID
    kinds: Sequence[Kind]


@dataclass(frozen=True, slots=True)
class News:
    """Count what is new in a member's conversations since they were last told."""

    messages: int
    opened: int


def news(
    backend: BackendConnection,
    user_id: UUID,
    *,
    messages_after: datetime | None,
    opened_after: datetime | None,
    before: datetime,
) -> News:
    """Count unread messages, and conversations that have opened and were never looked at."""
    found = (
        backend.cursor(row_factory=class_row(News))
        .execute(
            "SELECT (SELECT count(*) FROM conversations c"
            "   JOIN message_numbers n ON n.match_id = c.match_id"
            "   JOIN messages m ON m.id = n.message_id"
            "   WHERE %(id)s IN (c.user_a_id, c.user_b_id) AND c.ended_at IS NULL"
            "   AND n.sender_id <> %(id)s AND m.created_at <= %(before)s"
            "   AND m.created_at > coalesce(%(messages)s::timestamptz, '-infinity')"
            "   AND n.number > CASE WHEN c.user_a_id = %(id)s THEN c.a_read ELSE c.b_read END"
            "  ) AS messages,"
            " (SELECT count(*) FROM conversations c WHERE %(id)s IN (c.user_a_id, c.user_b_id)"
            "   AND c.ended_at IS NULL AND c.opened_at <= %(before)s"
            "   AND c.opened_at > coalesce(%(opened)s::timestamptz, '-infinity')"
            "   AND NOT EXISTS (SELECT 1 FROM message_numbers n WHERE n.match_id = c.match_id"
            "    AND n.sender_id = %(id)s)) AS opened",
            {"id": user_id, "messages": messages_after, "opened": opened_after, "before": before},
        )
        .fetchone()
    )
    return found or News(0, 0)


def unseen(
    backend: BackendConnection,
    user_id: UUID,
    partners: Sequence[UUID],
    *,
    after: datetime | None,
    before: datetime,
) -> int:
    """Count those of a member's list whom they have never seen and were not told of."""
    row = backend.execute(
        "SELECT count(*) FROM matches m, LATERAL (SELECT CASE WHEN m.user_a_id = %(id)s"
        "  THEN m.user_b_id ELSE m.user_a_id END AS partner_id) s"
        " WHERE %(id)s IN (m.user_a_id, m.user_b_id) AND s.partner_id = ANY(%(partners)s)"
        " AND m.created_at > coalesce(%(after)s::timestamptz, '-infinity')"
        " AND m.created_at <= %(before)s"
        " AND m.user_a_decision <> 'declined' AND m.user_b_decision <> 'declined'"
        " AND CASE WHEN m.user_a_id = %(id)s THEN m.user_a_decision ELSE m.user_b_decision END"
        "  = 'pending'"
        " AND NOT EXISTS (SELECT 1 FROM introductions_seen i WHERE i.user_id = %(id)s"
        "  AND i.partner_id = s.partner_id)",
        {"id": user_id, "partners": list(partners), "after": after, "before": before},
    ).fetchone()
    return 0 if row is None else int(row[0])


def add_link(
    backend: BackendConnection,
    token_hash: bytes,
    user_id: UUID,
    kinds: Sequence[Kind],
    at: datetime,
) -> None:
    """Write a link that stops letters of these kinds."""
    backend.execute(
        "INSERT INTO unsubscribe_links (token_hash, user_id, kinds, created_at)"
        " VALUES (%s, %s, %s, %s)",
        (token_hash, user_id, list(kinds), at),
    )


def link(backend: BackendConnection, token_hash: bytes) -> Link | None:
    """Find whose letters a link stops, and which; None when it is unknown."""
    return (
        backend.cursor(row_factory=class_row(Link))
        .execute(
            "SELECT user_id, kinds FROM unsubscribe_links WHERE token_hash = %s", (token_hash,)
        )
        .fetchone()
    )


def forget_links(backend: BackendConnection, before: datetime) -> int:
    """Remove links of letters that are old; give how many."""
    return backend.execute(
        "DELETE FROM unsubscribe_links WHERE created_at < %s", (before,)
    ).rowcount
