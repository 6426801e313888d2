"""Read what stands between two members in the backend database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Between:
    """Hold both decisions on a pair, and what keeps it out of a list; None where there is none."""

    my_decision: str
    their_decision: str
    expires_at: datetime | None
    ran_out: bool


def between(backend: BackendConnection, user_id: UUID, other_id: UUID) -> Between | None:
    """Read the pair of two members, seen from the first; None when no run has stored one."""
    return (
        backend.cursor(row_factory=class_row(Between))
        .execute(
            "SELECT (CASE WHEN m.user_a_id = %(id)s THEN m.user_a_decision"
            "  ELSE m.user_b_decision END)::text AS my_decision,"
            " (CASE WHEN m.user_a_id = %(id)s THEN m.user_b_decision"
            "  ELSE m.user_a_decision END)::text AS their_decision,"
            " s.expires_at, coalesce(s.expires_at <= now(), false) AS ran_out"
            " FROM matches m LEFT JOIN match_scores s USING (user_a_id, user_b_id)"
            " WHERE m.user_a_id = least(%(id)s::uuid, %(other)s::uuid)"
            " AND m.user_b_id = greatest(%(id)s::uuid, %(other)s::uuid)",
            {"id": user_id, "other": other_id},
        )
        .fetchone()
    )


def blockers(backend: BackendConnection, user_id: UUID, other_id: UUID) -> frozenset[UUID]:
    """Name who of two members has blocked the other."""
    rows = backend.execute(
        "SELECT blocker_id FROM blocks WHERE (blocker_id = %(id)s AND blocked_id = %(other)s)"
        " OR (blocker_id = %(other)s AND blocked_id = %(id)s)",
        {"id": user_id, "other": other_id},
    ).fetchall()
    return frozenset(row[0] for row in rows)
