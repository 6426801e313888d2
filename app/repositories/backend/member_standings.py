"""Read how far each member is, for whoever runs the backend beside this platform; no words of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """Hold one member's way to their matches.

    `resume` is what the member was told of a résumé that was linked and not read, as long as no file
    of theirs was read since.
    """

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
            "  AND starts_with(m.client_key, 'notice:')"
            "  AND NOT EXISTS (SELECT 1 FROM onboarding_messages later"
            "   WHERE later.session_id = m.session_id AND later.source = 'document'"
            "   AND later.position > m.position) ORDER BY m.position DESC LIMIT 1) AS resume"
            " FROM users u WHERE u.deleted_at IS NULL ORDER BY u.created_at DESC NULLS LAST, u.id"
            " LIMIT %s",
            (limit,),
        )
        .fetchall()
    )
