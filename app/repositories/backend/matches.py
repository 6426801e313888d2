"""Read matches: one row for each unordered pair, a reason for each of its sides."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.repositories.backend import pairs_beside
from app.repositories.backend.listed import Listed


def partners(backend: BackendConnection, user_id: UUID) -> list[UUID]:
    """Name everybody whom a member is shown; whom either of the two declined is gone for good.

    So is, unless both said yes, whoever did not answer in time: until the two are introduced anew.
    Who was in the last round is shown whom it introduced, and whoever said yes, on either side;
    everybody else is shown all their matches.
    """
    if backend.beside_nestjs:
        return pairs_beside.partners(backend, user_id)
    rows = backend.execute(
        "WITH mine AS (SELECT user_a_decision, user_b_decision,"
        "  CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id END AS partner_id"
        "  FROM matches WHERE (user_a_id = %(id)s OR user_b_id = %(id)s)"
        "  AND user_a_decision <> 'declined' AND user_b_decision <> 'declined'"
        "  AND (user_a_decision = 'approved' AND user_b_decision = 'approved'"
        "   OR NOT EXISTS (SELECT 1 FROM match_scores s WHERE s.user_a_id = matches.user_a_id"
        "    AND s.user_b_id = matches.user_b_id AND s.expires_at <= now())))"
        " SELECT partner_id FROM mine"
        " WHERE 'approved' IN (user_a_decision, user_b_decision)"
        "  OR NOT EXISTS (SELECT 1 FROM round_members WHERE user_id = %(id)s)"
        "  OR EXISTS (SELECT 1 FROM introductions i"
        "   WHERE i.user_id = %(id)s AND i.partner_id = mine.partner_id)",
        {"id": user_id},
    ).fetchall()
    return [row[0] for row in rows]


def of_member(
    backend: BackendConnection,
    user_id: UUID,
    *,
    limit: int,
    among: Sequence[UUID],
    after: tuple[float, UUID] | None = None,
    match_id: UUID | None = None,
) -> list[Listed]:
    """List a member's matches with some partners, best first, or one of them.

    `among` are those of `partners` whom the rule of visibility leaves; `after` is worth and partner
    of the last match of the page before.
    """
    if backend.beside_nestjs:
        return pairs_beside.of_member(
            backend, user_id, limit=limit, among=among, after=after, match_id=match_id
        )
    worth, partner = after or (None, None)
    return (
        backend.cursor(row_factory=class_row(Listed))
        .execute(
            "WITH mine AS ("
            " SELECT m.id AS match_id, m.user_a_id, m.user_b_id,"
            "  CASE WHEN m.user_a_id = %(id)s THEN m.user_b_id ELSE m.user_a_id END AS partner_id,"
            "  CASE WHEN m.user_a_id = %(id)s THEN m.user_a_decision ELSE m.user_b_decision END"
            "   AS my_decision,"
            "  CASE WHEN m.user_a_id = %(id)s THEN m.user_b_decision ELSE m.user_a_decision END"
            "   AS their_decision"
            " FROM matches m WHERE m.user_a_id = %(id)s OR m.user_b_id = %(id)s)"
            " SELECT mine.match_id, mine.partner_id, s.score, coalesce(shown.worth, s.score) AS worth,"
            "  s.tier, r.method,"
            "  mine.my_decision::text, mine.their_decision::text,"
            "  my_need.text AS my_need, their_offer.text AS their_offer, my.gain AS my_gain,"
            "  their_need.text AS their_need, my_offer.text AS my_offer, their.gain AS their_gain,"
            "  s.expires_at, later.until AS postponed_until"
            " FROM mine"
            " JOIN match_scores s USING (user_a_id, user_b_id)"
            " JOIN matching_runs r ON r.id = s.run_id"
            " JOIN match_reasons my ON my.user_a_id = s.user_a_id AND my.user_b_id = s.user_b_id"
            "  AND my.gainer_id = %(id)s"
            " JOIN match_reasons their ON their.user_a_id = s.user_a_id"
            "  AND their.user_b_id = s.user_b_id AND their.gainer_id = mine.partner_id"
            " JOIN statements my_need ON my_need.id = my.need_id"
            " JOIN statements their_offer ON their_offer.id = my.offer_id"
            " JOIN statements their_need ON their_need.id = their.need_id"
            " JOIN statements my_offer ON my_offer.id = their.offer_id"
            " LEFT JOIN introductions shown ON shown.user_id = %(id)s"
            "  AND shown.partner_id = mine.partner_id"
            " LEFT JOIN postponements later ON later.user_id = %(id)s"
            "  AND later.partner_id = mine.partner_id AND later.until > now()"
            " WHERE mine.partner_id = ANY(%(among)s::uuid[])"
            "  AND (%(match)s::uuid IS NULL OR mine.match_id = %(match)s)"
            "  AND (%(worth)s::float8 IS NULL OR coalesce(shown.worth, s.score) < %(worth)s"
            "   OR (coalesce(shown.worth, s.score) = %(worth)s"
            "    AND mine.partner_id > %(partner)s::uuid))"
            " ORDER BY worth DESC, mine.partner_id LIMIT %(limit)s",
            {
                "id": user_id,
                "limit": limit,
                "among": list(among),
                "match": match_id,
                "worth": worth,
                "partner": partner,
            },
        )
        .fetchall()
    )


def count(backend: BackendConnection) -> int:
    """Count all pairs."""
    row = backend.execute("SELECT count(*) FROM matches").fetchone()
    return 0 if row is None else int(row[0])
