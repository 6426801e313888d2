"""Read and write pairs beside a backend that owns `matches` and is told of them by webhook.

There a pair may stand in two rows, one for each order, each with a decision of both; our own scores
and reasons stand in one. A member's decision is the strongest that either row holds: no before yes
before nothing. What the backend told of decisions by call counts as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from app.databases.arrays import as_array
from app.databases.connections import BackendConnection
from app.repositories.backend import outbox
from app.repositories.backend.listed import Listed

TELL_MATCHES = "tell_matches"  # the work that follows when a member's set may have changed


def of_member(
    backend: BackendConnection,
    user_id: UUID,
    *,
    limit: int,
    among: Sequence[UUID] | None = None,
    after: tuple[float, UUID] | None = None,
    match_id: UUID | None = None,
    declined: bool = False,
) -> list[Listed]:
    """List a member's pairs, best first, as `matches.of_member` does.

    `among` None is everybody. With `declined`, all that are scored: the declined, and those that
    the last round does not show. The id is the backend's own where it has a row for the pair, its
    row of this member first.
    """
    worth, partner = after or (None, None)
    return (
        backend.cursor(row_factory=class_row(Listed))
        .execute(
            "WITH scored AS ("
            " SELECT s.user_a_id, s.user_b_id, s.score, s.tier, s.run_id, s.expires_at,"
            "  CASE WHEN s.user_a_id = %(id)s THEN s.user_b_id ELSE s.user_a_id END AS partner_id"
            " FROM match_scores s WHERE s.user_a_id = %(id)s OR s.user_b_id = %(id)s),"
            " said AS (SELECT partner_id, max(row_id::text) FILTER (WHERE mine_first) AS first_id,"
            "  max(row_id::text) AS any_id,"
            "  CASE WHEN bool_or(mine = 'declined') THEN 'declined'"
            "   WHEN bool_or(mine = 'approved') THEN 'approved' ELSE 'pending' END AS mine,"
            "  CASE WHEN bool_or(theirs = 'declined') THEN 'declined'"
            "   WHEN bool_or(theirs = 'approved') THEN 'approved' ELSE 'pending' END AS theirs"
            "  FROM (SELECT user_b_id AS partner_id, id AS row_id, true AS mine_first,"
            "    user_a_decision::text AS mine, user_b_decision::text AS theirs"
            "   FROM matches WHERE user_a_id = %(id)s"
            "   UNION ALL SELECT user_a_id, id, false, user_b_decision::text, user_a_decision::text"
            "   FROM matches WHERE user_b_id = %(id)s"
            "   UNION ALL SELECT partner_id, NULL, false, decision, 'pending' FROM backend_feedback"
            "   WHERE user_id = %(id)s AND kind = 'decision' AND partner_id IS NOT NULL"
            "   UNION ALL SELECT user_id, NULL, false, 'pending', decision FROM backend_feedback"
            "   WHERE partner_id = %(id)s AND kind = 'decision') AS rows GROUP BY partner_id),"
            " mine AS (SELECT scored.*,"
            "  coalesce(said.first_id, said.any_id,"
            "   md5(scored.user_a_id::text || scored.user_b_id::text))::uuid AS match_id,"
            "  coalesce(said.mine, 'pending') AS my_decision,"
            "  coalesce(said.theirs, 'pending') AS their_decision"
            "  FROM scored LEFT JOIN said USING (partner_id))"
            " SELECT mine.match_id, mine.partner_id, mine.score,"
            "  coalesce(shown.worth, mine.score) AS worth, mine.tier, r.method,"
            "  mine.my_decision, mine.their_decision,"
            "  my_need.text AS my_need, their_offer.text AS their_offer, my.gain AS my_gain,"
            "  their_need.text AS their_need, my_offer.text AS my_offer, their.gain AS their_gain,"
            "  mine.expires_at, NULL::timestamptz AS postponed_until"
            " FROM mine JOIN matching_runs r ON r.id = mine.run_id"
            " JOIN match_reasons my ON my.user_a_id = mine.user_a_id"
            "  AND my.user_b_id = mine.user_b_id AND my.gainer_id = %(id)s"
            " JOIN match_reasons their ON their.user_a_id = mine.user_a_id"
            "  AND their.user_b_id = mine.user_b_id AND their.gainer_id = mine.partner_id"
            " JOIN statements my_need ON my_need.id = my.need_id"
            " JOIN statements their_offer ON their_offer.id = my.offer_id"
            " JOIN statements their_need ON their_need.id = their.need_id"
            " JOIN statements my_offer ON my_offer.id = their.offer_id"
            " LEFT JOIN introductions shown ON shown.user_id = %(id)s"
            "  AND shown.partner_id = mine.partner_id"
            " WHERE (%(among)s::uuid[] IS NULL OR mine.partner_id = ANY(%(among)s::uuid[]))"
            "  AND (%(declined)s::bool OR shown.user_id IS NOT NULL"
            "   OR 'approved' IN (mine.my_decision, mine.their_decision)"
            "   OR NOT EXISTS (SELECT 1 FROM round_members WHERE user_id = %(id)s))"
            "  AND (%(match)s::uuid IS NULL OR mine.match_id = %(match)s)"
            "  AND (%(declined)s::bool OR 'declined' NOT IN (mine.my_decision, mine.their_decision))"
            "  AND (mine.expires_at IS NULL OR mine.expires_at > now()"
            "   OR mine.my_decision <> 'pending' OR mine.their_decision <> 'pending')"
            "  AND (%(worth)s::float8 IS NULL OR coalesce(shown.worth, mine.score) < %(worth)s"
            "   OR (coalesce(shown.worth, mine.score) = %(worth)s"
            "    AND mine.partner_id > %(partner)s::uuid))"
            " ORDER BY worth DESC, mine.partner_id LIMIT %(limit)s",
            {
                "id": user_id,
                "limit": limit,
                "among": None if among is None else list(among),
                "match": match_id,
                "declined": declined,
                "worth": worth,
                "partner": partner,
            },
        )
        .fetchall()
    )


def partners(backend: BackendConnection, user_id: UUID) -> list[UUID]:
    """Name everybody a member has a scored pair with."""
    rows = backend.execute(
        "SELECT CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id END FROM match_scores"
        " WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
        {"id": user_id},
    ).fetchall()
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Decided:
    """Say of one partner whether the backend holds the pair in this member's order, and a no."""

    partner_id: UUID
    held: bool
    declined: bool


def decided(backend: BackendConnection, user_id: UUID) -> list[Decided]:
    """List the pairs of a member that either side has decided, as the backend holds them."""
    return (
        backend.cursor(row_factory=class_row(Decided))
        .execute(
            "SELECT partner_id, bool_or(held) AS held, bool_or('declined' IN (one, other)) AS declined"
            " FROM (SELECT user_b_id AS partner_id, true AS held, user_a_decision::text AS one,"
            "  user_b_decision::text AS other FROM matches WHERE user_a_id = %(id)s"
            " UNION ALL SELECT user_a_id, false, user_a_decision::text, user_b_decision::text"
            "  FROM matches WHERE user_b_id = %(id)s) AS rows GROUP BY partner_id"
            " HAVING bool_or(one <> 'pending' OR other <> 'pending') ORDER BY partner_id",
            {"id": user_id},
        )
        .fetchall()
    )


def sides(backend: BackendConnection, match_id: UUID) -> tuple[UUID, UUID] | None:
    """Name the two members of a match of the backend's; None when it has no such match."""
    row = backend.execute(
        "SELECT user_a_id, user_b_id FROM matches WHERE id = %s", (match_id,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


# Two texts: a plan that is kept for both would look at everybody's pairs for one member's.
_REMOVE: Final = (
    "DELETE FROM match_scores s"
    " WHERE s.updated_at < %(at)s{whose}"
    " AND s.user_a_id <> ALL(%(unjudged)s::uuid[]) AND s.user_b_id <> ALL(%(unjudged)s::uuid[])"
    " AND NOT EXISTS (SELECT 1 FROM match_staging n WHERE n.batch_id = %(batch)s"
    "  AND n.user_a_id = s.user_a_id AND n.user_b_id = s.user_b_id)"
    " AND NOT EXISTS (SELECT 1 FROM matches m"
    "  WHERE ((m.user_a_id = s.user_a_id AND m.user_b_id = s.user_b_id)"
    "   OR (m.user_a_id = s.user_b_id AND m.user_b_id = s.user_a_id))"
    "  AND (m.user_a_decision <> 'pending' OR m.user_b_decision <> 'pending'))"
    " AND NOT EXISTS (SELECT 1 FROM backend_feedback f"
    "  WHERE ((f.user_id = s.user_a_id AND f.partner_id = s.user_b_id)"
    "   OR (f.user_id = s.user_b_id AND f.partner_id = s.user_a_id))"
    "  AND f.kind = 'decision' AND f.decision <> 'pending')"
    " RETURNING s.user_a_id, s.user_b_id"
)
_REMOVE_ALL: Final = _REMOVE.format(whose="")
_REMOVE_OF: Final = _REMOVE.format(
    whose=" AND (s.user_a_id = ANY(%(ids)s::uuid[]) OR s.user_b_id = ANY(%(ids)s::uuid[]))"
)


def remove_outdated(
    backend: BackendConnection,
    batch: UUID,
    members: Sequence[UUID] | None,
    at: datetime,
    unjudged: Sequence[UUID],
) -> set[UUID]:
    """Remove the undecided scores that a run no longer gives; give whose sets changed thereby."""
    values = {
        "ids": as_array(members or ()),
        "batch": batch,
        "at": at,
        "unjudged": as_array(unjudged),
    }
    text = _REMOVE_ALL if members is None else _REMOVE_OF
    rows = backend.execute(text, values).fetchall()
    return {member for row in rows for member in row}


def cause_telling(backend: BackendConnection, members: Sequence[UUID]) -> None:
    """Cause the backend to be told of these members' sets; of whom it waits already, once."""
    rows = backend.execute(
        "SELECT member FROM unnest(%s::uuid[]) AS m (member) WHERE NOT EXISTS"
        " (SELECT 1 FROM outbox o WHERE o.user_id = member AND o.topic = 'tell_matches'"
        "  AND o.state = 'pending')",
        (sorted(set(members)),),
    ).fetchall()
    if rows:
        outbox.add(backend, TELL_MATCHES, [row[0] for row in rows])
