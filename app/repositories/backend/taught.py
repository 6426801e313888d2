"""Read what members' decisions teach: about the reasons they were shown, and about fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from app.databases.arrays import Ids, as_array
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

    What another backend holds and what it told count alike, each pair once for either member, in
    whichever order it stands there; a no outweighs a yes. A no for one of the `silent_reasons` says
    nothing about the need and is left out.
    """
    return (
        backend.cursor(row_factory=class_row(Decision))
        .execute(
            "WITH rows AS ("
            " SELECT side.user_id, side.partner_id, side.decision::text AS decision,"
            "   f.reason_tags::text[] AS reason_tags"
            "  FROM matches m CROSS JOIN LATERAL (VALUES"
            "   (m.user_a_id, m.user_b_id, m.user_a_decision),"
            "   (m.user_b_id, m.user_a_id, m.user_b_decision)) AS side (user_id, partner_id, decision)"
            "  LEFT JOIN match_feedback f ON f.match_id = m.id AND f.user_id = side.user_id"
            "  WHERE side.decision <> 'pending'"
            " UNION ALL SELECT user_id, partner_id, decision, reason_tags FROM backend_feedback"
            "  WHERE partner_id IS NOT NULL AND decision <> 'pending'),"
            " said AS (SELECT user_id, partner_id, bool_and(decision = 'approved') AS accepted"
            "  FROM rows GROUP BY user_id, partner_id"
            "  HAVING NOT coalesce(bool_or(reason_tags && %(silent)s::text[]), false))"
            " SELECT said.user_id, said.partner_id, r.similarity, said.accepted FROM said"
            " JOIN match_scores s ON s.user_a_id = least(said.user_id, said.partner_id)"
            "  AND s.user_b_id = greatest(said.user_id, said.partner_id) AND s.model = %(model)s"
            " JOIN match_reasons r ON r.user_a_id = s.user_a_id AND r.user_b_id = s.user_b_id"
            "  AND r.gainer_id = said.user_id"
            " ORDER BY said.user_id, said.partner_id",
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


# Two texts: a plan that is kept for both would look at everybody's answers for one member's.
_ANSWERS: Final = (
    "WITH refusers AS (SELECT user_id FROM"
    "  (SELECT user_id, match_id, reason_tags::text[] AS reason_tags FROM match_feedback"
    "   UNION SELECT user_id, subject_id, reason_tags FROM backend_feedback"
    "    WHERE kind = 'decision') AS refused"
    "  WHERE reason_tags @> ARRAY[%(reason)s]::text[]{whose}"
    "  GROUP BY user_id HAVING count(DISTINCT match_id) >= %(least)s),"
    " rows AS (SELECT f.user_id,"
    "   CASE WHEN m.user_a_id = f.user_id THEN m.user_b_id ELSE m.user_a_id END AS partner_id,"
    "   f.reason_tags::text[] AS reason_tags, m.updated_at::timestamptz AS at, m.id"
    "   FROM match_feedback f"
    "   JOIN refusers USING (user_id) JOIN matches m ON m.id = f.match_id"
    "   WHERE f.decision::text IN ('yes', 'no', 'approved', 'declined')"
    "  UNION ALL SELECT b.user_id, b.partner_id, b.reason_tags, b.created_at, b.subject_id"
    "   FROM backend_feedback b JOIN refusers USING (user_id)"
    "   WHERE b.kind = 'decision' AND b.decision <> 'pending' AND b.partner_id IS NOT NULL),"
    " said AS (SELECT user_id, partner_id, max(at) AS at, max(id::text) AS id,"
    "   bool_or(coalesce(reason_tags @> ARRAY[%(reason)s]::text[], false)) AS wrong_field"
    "  FROM rows GROUP BY user_id, partner_id)"
    " SELECT said.user_id, coalesce(p.fields, '{{}}') AS fields, said.wrong_field"
    " FROM said LEFT JOIN profiles p ON p.user_id = said.partner_id"
    " ORDER BY said.user_id, said.at, said.id"
)
_ANSWERS_OF_ALL: Final = _ANSWERS.format(whose="")
_ANSWERS_OF: Final = _ANSWERS.format(whose=" AND user_id = ANY(%(ids)s::uuid[])")


def field_answers(
    backend: BackendConnection, reason: str, at_least: int, user_ids: Ids | None
) -> list[FieldAnswer]:
    """List the decisions of those who refused somebody's field so often, in their order.

    `user_ids` None looks at everybody. `reason` is the tag of a field refused. A decision that stands
    in `match_feedback` and was told by another backend's call as well counts once.
    """
    values = {"reason": reason, "least": at_least, "ids": as_array(user_ids or ())}
    text = _ANSWERS_OF_ALL if user_ids is None else _ANSWERS_OF
    return backend.cursor(row_factory=class_row(FieldAnswer)).execute(text, values).fetchall()
