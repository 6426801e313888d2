"""Read how far each member is, for whoever runs the backend beside this platform; no words of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Hold one member's way to their matches; `resume` says why one that was linked was not read."""

    user_id: UUID
    onboarding_status: str
    may_be_matched: bool
    summary_version: int | None
    approved: bool
    pairs: int
    created_at: datetime | None
    resume: str | None = None


def listed(backend: BackendConnection, *, limit: int) -> list[MemberStanding]:
    """List members, the newest first."""
    return (
        backend.cursor(row_factory=class_row(MemberStanding))
        .execute(
            "SELECT u.id AS user_id, u.onboarding_status::text AS onboarding_status,"
            " (u.is_active AND u.allow_matching) AS may_be_matched,"
            " (SELECT max(s.version) FROM user_summaries s WHERE s.user_id = u.id)"
            "  AS summary_version,"
            " EXISTS (SELECT 1 FROM user_summaries s WHERE s.user_id = u.id"
            "  AND s.status = 'approved') AS approved,"
            " (SELECT count(*) FROM match_scores m WHERE m.user_a_id = u.id OR m.user_b_id = u.id)"
            "  AS pairs, u.created_at,"
            " (SELECT m.text FROM onboarding_messages m WHERE m.user_id = u.id"
            "  AND starts_with(m.client_key, 'notice:') ORDER BY m.position DESC LIMIT 1) AS resume"
            " FROM users u WHERE u.deleted_at IS NULL ORDER BY u.created_at DESC NULLS LAST, u.id"
            " LIMIT %s",
            (limit,),
        )
        .fetchall()
    )
