"""Read and write what each side of a match decided, and what a member has seen of their list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold one match as one member stands to it."""

    match_id: UUID
    partner_id: UUID
    mine: str
    theirs: str


def locked(backend: BackendConnection, match_id: UUID, user_id: UUID) -> Decided | None:
    """Find a match of this member and keep others from deciding it meanwhile; None when none.

    Waits for a run that is writing everybody's matches for moments only: raises LockNotAvailable.
    """
    backend.execute("SET LOCAL lock_timeout = '3s'")
    return (
        backend.cursor(row_factory=class_row(Decided))
        .execute(
            "SELECT id AS match_id,"
            " CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id END AS partner_id,"
            " CASE WHEN user_a_id = %(id)s THEN user_a_decision ELSE user_b_decision END::text AS mine,"
            " CASE WHEN user_a_id = %(id)s THEN user_b_decision ELSE user_a_decision END::text"
            "  AS theirs"
            " FROM matches WHERE id = %(match)s AND %(id)s IN (user_a_id, user_b_id) FOR UPDATE",
            {"id": user_id, "match": match_id},
        )
        .fetchone()
    )


def between(backend: BackendConnection, user_id: UUID, partner_id: UUID) -> UUID | None:
    """Find the match of two members; None when they have none."""
    row = backend.execute(
        "SELECT id FROM matches WHERE user_a_id = least(%(a)s::uuid, %(b)s::uuid)"
        " AND user_b_id = greatest(%(a)s::uuid, %(b)s::uuid)",
        {"a": user_id, "b": partner_id},
    ).fetchone()
    return None if row is None else row[0]


def write(backend: BackendConnection, match_id: UUID, user_id: UUID, decision: str) -> None:
    """Write one side's decision (pending, approved, declined) and what both make of the pair."""
    backend.execute(
        "UPDATE matches SET"
        " user_a_decision = CASE WHEN user_a_id = %(id)s THEN %(decision)s::matches_decision_enum"
        "  ELSE user_a_decision END,"
        " user_b_decision = CASE WHEN user_b_id = %(id)s THEN %(decision)s::matches_decision_enum"
        "  ELSE user_b_decision END,"
        " updated_at = now() WHERE id = %(match)s",
        {"id": user_id, "match": match_id, "decision": decision},
    )
    backend.execute(
        "UPDATE matches SET status = CASE"
        " WHEN 'declined' IN (user_a_decision, user_b_decision) THEN 'declined'"
        " WHEN user_a_decision = 'approved' AND user_b_decision = 'approved' THEN 'approved'"
        " ELSE 'pending' END::matches_decision_enum WHERE id = %s",
        (match_id,),
    )


def put_feedback(
    backend: BackendConnection,
    match_id: UUID,
    user_id: UUID,
    decision: str,
    tags: Sequence[str],
    text: str,
) -> None:
    """Write why a member decided as they did; a later decision replaces the earlier one."""
    backend.execute(
        "INSERT INTO match_feedback (match_id, user_id, decision, reason_tags, reason_text)"
        " VALUES (%s, %s, %s, %s::text[], %s) ON CONFLICT (match_id, user_id) DO UPDATE SET"
        " decision = excluded.decision, reason_tags = excluded.reason_tags,"
        " reason_text = excluded.reason_text",
        (match_id, user_id, decision, list(tags), text or None),
    )


def postpone(backend: BackendConnection, user_id: UUID, partner_id: UUID, until: datetime) -> None:
    """Write that a member wants to be asked about somebody later."""
    backend.execute(
        "INSERT INTO postponements (user_id, partner_id, until, created_at)"
        " VALUES (%s, %s, %s, now())"
        " ON CONFLICT (user_id, partner_id) DO UPDATE SET until = excluded.until",
        (user_id, partner_id, until),
    )


def drop_postponement(backend: BackendConnection, user_id: UUID, partner_id: UUID) -> None:
    """Forget that a member wanted to be asked later."""
    backend.execute(
        "DELETE FROM postponements WHERE user_id = %s AND partner_id = %s", (user_id, partner_id)
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """Say whom a member has seen in their list before, and who of those is not in it any more."""

    known: frozenset[UUID]
    gone: int


def look(
    backend: BackendConnection,
    user_id: UUID,
    shown: Sequence[UUID],
    available: Sequence[UUID],
    at: datetime,
    *,
    same_look: timedelta,
) -> Seen:
    """Note that a member looks at their list; what is new stays new for as long as one look lasts.

    `gone` counts who was shown at an earlier look and is not available now, on this page or a later
    one, though the member has not decided; each is told once.
    """
    rows = backend.execute(
        "SELECT partner_id FROM introductions_seen WHERE user_id = %s AND first_seen_at <= %s",
        (user_id, at - same_look),
    ).fetchall()
    known = frozenset(row[0] for row in rows)
    gone = backend.execute(
        "DELETE FROM introductions_seen s WHERE s.user_id = %(id)s"
        " AND s.partner_id <> ALL(%(partners)s::uuid[])"
        " RETURNING EXISTS (SELECT 1 FROM matches m WHERE (m.user_a_id = %(id)s"
        "   AND m.user_b_id = s.partner_id AND m.user_a_decision <> 'pending')"
        "  OR (m.user_b_id = %(id)s AND m.user_a_id = s.partner_id"
        "   AND m.user_b_decision <> 'pending'))",
        {"id": user_id, "partners": list(available)},
    ).fetchall()
    backend.execute(
        "INSERT INTO introductions_seen (user_id, partner_id, first_seen_at, last_seen_at)"
        " SELECT %(id)s, partner, %(at)s, %(at)s FROM unnest(%(partners)s::uuid[]) AS p (partner)"
        " ON CONFLICT (user_id, partner_id) DO UPDATE SET last_seen_at = excluded.last_seen_at",
        {"id": user_id, "partners": list(shown), "at": at},
    )
    return Seen(known, sum(not row[0] for row in gone))
