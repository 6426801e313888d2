"""Read what members' decisions teach: about the reasons they were shown, and about fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold one member's answer to the couple that was shown to them as their gain."""

    user_id: UUID
    partner_id: UUID
    similarity: float
    accepted: bool


def decisions(
    backend: BackendConnection, model: str, silent_reasons: Sequence[str]
) -> list[Decision]:
    """List every yes and no to a match of one model, by member and partner.

    A no for one of the `silent_reasons` says nothing about the need and is left out.
    """
    return (
        backend.cursor(row_factory=class_row(Decision))
        .execute(
            "SELECT side.user_id, side.partner_id, r.similarity, side.decision = 'approved' AS accepted"
            " FROM matches m CROSS JOIN LATERAL (VALUES"
            "  (m.user_a_id, m.user_b_id, m.user_a_decision),"
            "  (m.user_b_id, m.user_a_id, m.user_b_decision)) AS side (user_id, partner_id, decision)"
            " JOIN match_scores s ON s.user_a_id = m.user_a_id AND s.user_b_id = m.user_b_id"
            "  AND s.model = %(model)s"
            " JOIN match_reasons r ON r.user_a_id = m.user_a_id AND r.user_b_id = m.user_b_id"
            "  AND r.gainer_id = side.user_id"
            " LEFT JOIN match_feedback f ON f.match_id = m.id AND f.user_id = side.user_id"
            " WHERE side.decision <> 'pending' AND NOT coalesce(f.reason_tags && %(silent)s::text[],"
            "  false) ORDER BY side.user_id, side.partner_id",
            {"model": model, "silent": list(silent_reasons)},
        )
        .fetchall()
    )


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """Hold one decision as it bears on the partner's fields, which the partner wrote."""

    user_id: UUID
    fields: Sequence[str]
    wrong_field: bool


def field_answers(
    backend: BackendConnection, reason: str, at_least: int, user_ids: Sequence[UUID] | None
) -> list[FieldAnswer]:
    """List the decisions of those who refused somebody's field so often, in their order.

    `user_ids` None looks at everybody. `reason` is the tag of a field refused.
    """
    return (
        backend.cursor(row_factory=class_row(FieldAnswer))
        .execute(
            "WITH refusers AS (SELECT user_id FROM match_feedback"
            "  WHERE reason_tags @> ARRAY[%(reason)s]::text[]"
            "   AND (%(all)s OR user_id = ANY(%(ids)s::uuid[]))"
            "  GROUP BY user_id HAVING count(*) >= %(least)s)"
            " SELECT f.user_id, coalesce(p.fields, '{}') AS fields,"
            "  coalesce(f.reason_tags @> ARRAY[%(reason)s]::text[], false) AS wrong_field"
            " FROM match_feedback f JOIN refusers USING (user_id)"
            " JOIN matches m ON m.id = f.match_id"
            " LEFT JOIN profiles p ON p.user_id ="
            "  CASE WHEN m.user_a_id = f.user_id THEN m.user_b_id ELSE m.user_a_id END"
            " WHERE f.decision IN ('yes', 'no', 'approved', 'declined')"
            " ORDER BY f.user_id, m.updated_at, m.id",
            {
                "reason": reason,
                "all": user_ids is None,
                "ids": [] if user_ids is None else list(user_ids),
                "least": at_least,
            },
        )
        .fetchall()
    )
