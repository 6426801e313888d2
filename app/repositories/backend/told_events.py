"""Read what is said of a member's set of matches when the backend beside us has taken it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Origin:
    """Say how a member's set came about: by which algorithm, in a round over everybody, the first.

    `others_told` counts those among the partners whose own sets were taken since that run began;
    `added` the matches that follow in further calls because they did not fit into the first.
    """

    algorithm: str
    by_round: bool
    first: bool
    others_told: int
    added: int


def origin(
    backend: BackendConnection, user_id: UUID, partners: Sequence[UUID], delivery_id: UUID
) -> Origin | None:
    """Look at the newest run that judged a pair of this member; None when no pair is scored."""
    return (
        backend.cursor(row_factory=class_row(Origin))
        .execute(
            "WITH mine AS (SELECT run_id, algorithm, created_at, updated_at FROM match_scores"
            "  WHERE user_a_id = %(id)s OR user_b_id = %(id)s),"
            " newest AS (SELECT run_id, algorithm FROM mine ORDER BY updated_at DESC LIMIT 1)"
            " SELECT newest.algorithm,"
            "  EXISTS (SELECT 1 FROM rounds WHERE rounds.run_id = newest.run_id) AS by_round,"
            "  (SELECT min(created_at) = max(updated_at) FROM mine) AS first,"
            "  (SELECT count(DISTINCT d.user_id) FROM webhook_deliveries d"
            "   WHERE d.kind = 'matches-ready' AND d.user_id = ANY(%(partners)s::uuid[])"
            "   AND d.state = 'sent' AND d.created_at >= r.started_at) AS others_told,"
            "  (SELECT coalesce(sum(jsonb_array_length(d.body -> 'matches')), 0)::int"
            "   FROM webhook_deliveries d WHERE d.user_id = %(id)s"
            "   AND d.kind = 'user-matches-ready' AND d.state IN ('waiting', 'sending')"
            "   AND d.number > (SELECT number FROM webhook_deliveries WHERE id = %(delivery)s))"
            "  AS added FROM newest JOIN matching_runs r ON r.id = newest.run_id",
            {"id": user_id, "partners": list(partners), "delivery": delivery_id},
        )
        .fetchone()
    )
