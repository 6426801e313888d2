"""Find and forget members whose accounts another backend has removed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.repositories.backend import erasure

# What this platform holds of members beside another backend, in an order in which nothing refers to
# what is gone already.
TABLES: Final = (
    "match_reasons",
    "match_scores",
    "introductions",
    "round_members",
    "readiness",
    "webhook_deliveries",
    "told_matches",
    "backend_feedback",
    "onboarding_items",
    "onboarding_messages",
    "onboarding_sessions",
    "public_summaries",
    "statements",
    "profiles",
    "outbox",
)


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


def forget(backend: BackendConnection, user_id: UUID) -> None:
    """Remove what is ours of a member; what is the backend's is the backend's to remove."""
    for table in TABLES:
        backend.execute(erasure.STATEMENTS[table], {"id": user_id})
