"""Find members whose accounts another backend has removed."""

from __future__ import annotations

from uuid import UUID

from app.databases.connections import BackendConnection


def found(backend: BackendConnection, *, limit: int) -> list[UUID]:
    """Name members of whom something is held and who have no account any more.

    An account that is only marked as deleted may come back: it is given thirty days.
    """
    rows = backend.execute(
        "SELECT DISTINCT held.user_id FROM (SELECT user_id FROM onboarding_sessions"
        " UNION ALL SELECT user_id FROM statements UNION ALL SELECT user_id FROM profiles) AS held"
        " LEFT JOIN users u ON u.id = held.user_id"
        " WHERE u.id IS NULL OR u.deleted_at < now() - interval '30 days' LIMIT %s",
        (limit,),
    ).fetchall()
    return [row[0] for row in rows]
