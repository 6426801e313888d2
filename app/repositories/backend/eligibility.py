"""The one rule of who may be shown to whom, used by every query that shows a member to a member."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.databases.arrays import IdArray, Ids, as_array
from app.databases.connections import BackendConnection
from app.domain.decisions import RESTS


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Hold who may be matched at all, and how many members each rule removed."""

    members: tuple[UUID, ...]
    removed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Others:
    """Hold who may be matched besides one member, and how many members each rule removed."""

    ids: IdArray
    count: int
    removed: dict[str, int]


NOBODY: Final = Others(as_array(()), 0, {})


def others(backend: BackendConnection, user_id: UUID) -> Others:
    """Say who may be matched besides one member, as one text for the statements that ask next.

    `removed` counts everybody, the member included; the first rule that removes one counts.
    """
    names = ("inactive", "paused", "onboarding not completed", "no approved summary")
    row = backend.execute(
        # Materialized, or the rules are looked at once for each count.
        "WITH judged AS MATERIALIZED (SELECT u.id, CASE WHEN NOT u.is_active THEN 1"
        "  WHEN NOT u.allow_matching THEN 2 WHEN u.onboarding_status <> 'completed' THEN 3"
        "  WHEN NOT EXISTS (SELECT 1 FROM user_summaries s"
        "   WHERE s.user_id = u.id AND s.status = 'approved') THEN 4 ELSE 0 END AS why"
        "  FROM users u WHERE u.deleted_at IS NULL)"
        " SELECT coalesce(array_agg(id) FILTER (WHERE why = 0 AND id <> %(id)s), '{}')::text,"
        " count(*) FILTER (WHERE why = 0 AND id <> %(id)s),"
        " count(*) FILTER (WHERE why = 1), count(*) FILTER (WHERE why = 2),"
        " count(*) FILTER (WHERE why = 3), count(*) FILTER (WHERE why = 4) FROM judged",
        {"id": user_id},
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives one row
    removed = {name: count for name, count in zip(names, row[2:], strict=True) if count}
    return Others(IdArray(row[0]), row[1], removed)


def community(backend: BackendConnection) -> Eligibility:
    """Say of every member whether they may be matched; the first rule that removes one counts."""
    rows = backend.execute(
        "SELECT u.id, CASE"
        " WHEN NOT u.is_active THEN 'inactive'"
        " WHEN NOT u.allow_matching THEN 'paused'"
        " WHEN u.onboarding_status <> 'completed' THEN 'onboarding not completed'"
        " WHEN NOT EXISTS (SELECT 1 FROM user_summaries s"
        "                  WHERE s.user_id = u.id AND s.status = 'approved')"
        "  THEN 'no approved summary' END"
        " FROM users u WHERE u.deleted_at IS NULL ORDER BY u.id"
    ).fetchall()
    removed = Counter(row[1] for row in rows if row[1] is not None)
    return Eligibility(tuple(row[0] for row in rows if row[1] is None), dict(removed))


def sample(backend: BackendConnection, most: int) -> list[UUID]:
    """Draw some of those who may be matched; it reads everybody."""
    rows = backend.execute(
        "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.is_active AND u.allow_matching"
        " AND u.onboarding_status = 'completed' AND EXISTS (SELECT 1 FROM user_summaries s"
        "  WHERE s.user_id = u.id AND s.status = 'approved') ORDER BY random() LIMIT %s",
        (most,),
    ).fetchall()
    return [row[0] for row in rows]


def among(backend: BackendConnection, user_ids: Collection[UUID]) -> frozenset[UUID]:
    """Keep, of some members, those who may be matched."""
    rows = backend.execute(
        "SELECT u.id FROM users u WHERE u.id = ANY(%s::uuid[]) AND u.deleted_at IS NULL AND u.is_active"
        " AND u.allow_matching AND u.onboarding_status = 'completed'"
        " AND EXISTS (SELECT 1 FROM user_summaries s"
        "  WHERE s.user_id = u.id AND s.status = 'approved')",
        (as_array(user_ids),),
    ).fetchall()
    return frozenset(row[0] for row in rows)


def size(backend: BackendConnection) -> int:
    """Estimate how many accounts there are, from the catalogue and without counting them."""
    row = backend.execute(
        "SELECT greatest(c.reltuples, 0)::bigint FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = 'users' AND n.nspname = 'public'"
    ).fetchone()
    return 0 if row is None else int(row[0])


def decided_partners(backend: BackendConnection, user_id: UUID) -> frozenset[UUID]:
    """List those with whom a pair is decided or blocked, by either side, or has run out.

    No run may touch these; a pair that ran out may be made again when it has rested.
    """
    rows = backend.execute(
        "SELECT CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id END FROM matches"
        " WHERE %(id)s IN (user_a_id, user_b_id)"
        " AND (user_a_decision <> 'pending' OR user_b_decision <> 'pending')"
        " UNION SELECT CASE WHEN user_id = %(id)s THEN partner_id ELSE user_id END"
        " FROM backend_feedback WHERE %(id)s IN (user_id, partner_id)"
        " AND kind = 'decision' AND decision <> 'pending' AND partner_id IS NOT NULL"
        " UNION SELECT CASE WHEN blocker_id = %(id)s THEN blocked_id ELSE blocker_id END FROM blocks"
        " WHERE %(id)s IN (blocker_id, blocked_id)"
        " UNION SELECT CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id END"
        " FROM match_scores WHERE (user_a_id = %(id)s OR user_b_id = %(id)s)"
        " AND expires_at BETWEEN now() - %(rests)s::interval AND now()",
        {"id": user_id, "rests": RESTS},
    ).fetchall()
    return frozenset(row[0] for row in rows)


def decided_pairs(backend: BackendConnection) -> list[tuple[UUID, UUID]]:
    """List every pair that either side has decided or blocked, or that ran out and rests."""
    rows = backend.execute(
        "SELECT least(user_a_id, user_b_id), greatest(user_a_id, user_b_id) FROM matches"
        " WHERE user_a_decision <> 'pending' OR user_b_decision <> 'pending'"
        " UNION SELECT least(user_id, partner_id), greatest(user_id, partner_id)"
        " FROM backend_feedback WHERE kind = 'decision' AND decision <> 'pending'"
        " AND partner_id IS NOT NULL"
        " UNION SELECT least(blocker_id, blocked_id), greatest(blocker_id, blocked_id) FROM blocks"
        " UNION SELECT user_a_id, user_b_id FROM match_scores"
        " WHERE expires_at BETWEEN now() - %s::interval AND now()",
        (RESTS,),
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def entering(
    backend: BackendConnection,
    hosts: Sequence[UUID],
    scores: Sequence[float],
    newcomers: Ids,
    length: int,
) -> list[bool]:
    """Say of each host whether this score enters their list: fewer than `length` there are as good.

    Declined pairs take no place, and neither do the pairs with newcomers that are judged anew.
    """
    rows = backend.execute(
        "WITH gone AS MATERIALIZED (SELECT least(user_a_id, user_b_id) AS a,"
        "  greatest(user_a_id, user_b_id) AS b FROM matches"
        "  WHERE (user_a_id = ANY(%(hosts)s::uuid[]) OR user_b_id = ANY(%(hosts)s::uuid[]))"
        "  AND (user_a_decision = 'declined' OR user_b_decision = 'declined')"
        "  UNION ALL SELECT least(user_id, partner_id), greatest(user_id, partner_id)"
        "  FROM backend_feedback WHERE kind = 'decision' AND decision = 'declined'"
        "  AND partner_id IS NOT NULL"
        "  AND (user_id = ANY(%(hosts)s::uuid[]) OR partner_id = ANY(%(hosts)s::uuid[])))"
        " SELECT n.place - 1 FROM unnest(%(hosts)s::uuid[], %(scores)s::float8[])"
        "  WITH ORDINALITY AS n (host, score, place)"
        # Nobody's list is read to its end: the counting stops where the list is full.
        " WHERE %(length)s > (SELECT count(*) FROM ("
        "  SELECT 1 FROM match_scores s WHERE s.user_a_id = n.host AND s.score >= n.score"
        "   AND s.user_b_id <> ALL(%(newcomers)s::uuid[])"
        "   AND (s.expires_at IS NULL OR s.expires_at > now())"
        "   AND (s.user_a_id, s.user_b_id) NOT IN (SELECT a, b FROM gone)"
        "  UNION ALL"
        "  SELECT 1 FROM match_scores s WHERE s.user_b_id = n.host AND s.score >= n.score"
        "   AND s.user_a_id <> ALL(%(newcomers)s::uuid[])"
        "   AND (s.expires_at IS NULL OR s.expires_at > now())"
        "   AND (s.user_a_id, s.user_b_id) NOT IN (SELECT a, b FROM gone)"
        "  LIMIT %(length)s) AS as_good)",
        {
            "hosts": as_array(hosts),
            "scores": list(scores),
            "newcomers": as_array(newcomers),
            "length": length,
        },
    ).fetchall()
    entered = {row[0] for row in rows}
    return [place in entered for place in range(len(hosts))]
