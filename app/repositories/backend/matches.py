"""Read and write matches: one row for each unordered pair, a reason for each of its sides.

Beside a backend that owns `matches`, only scores and reasons are written, see `pairs_beside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection
from app.domain.decisions import RESTS
from app.domain.matching.pairs import Pair
from app.domain.matching.tiers import tier
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Say what a set of pairs rests on: every derived row carries it."""

    run_id: UUID
    model: str
    algorithm: str
    at: datetime


def replace(
    backend: BackendConnection,
    members: Sequence[UUID] | None,
    pairs: Sequence[tuple[Pair, bytes]],
    origin: Origin,
    *,
    unjudged: Sequence[UUID] = (),
) -> None:
    """Replace the undecided pairs of these members (None: of everybody) by a run's.

    One transaction: nobody sees a moment without matches. Decided pairs survive every run, and what
    a newer run wrote is left alone. So are the pairs of `unjudged` members, whose vectors the run
    lacked, and pairs about which nothing changed: their rows are neither written nor locked, so that
    members decide while a run over everybody writes. Each pair comes with the hash of both members'
    inputs.
    """
    if members is None:
        # A few statements write everybody's pairs: in a large community each takes minutes.
        backend.execute("SET LOCAL statement_timeout = '1h'")
    batch = uuid4()
    _stage(backend, batch, pairs)
    if backend.beside_nestjs:
        changed = pairs_beside.remove_outdated(backend, batch, members, origin.at, unjudged)
        _write_scores(backend, batch, origin)
        changed.update(member for pair, _ in pairs for member in (pair.a, pair.b))
        pairs_beside.cause_telling(backend, sorted(changed))
        return
    if pairs:
        backend.execute(
            "INSERT INTO match_batches (id, data, status, match_date, created_at)"
            " VALUES (%s, %s, 'completed', %s, %s)",
            (
                batch,
                Jsonb({"run_id": str(origin.run_id), "pairs": len(pairs)}),
                origin.at,
                origin.at,
            ),
        )
    _remove_outdated(backend, batch, members, origin, unjudged)
    _write_matches(backend, batch, origin)
    _write_scores(backend, batch, origin)


def _stage(backend: BackendConnection, batch: UUID, pairs: Sequence[tuple[Pair, bytes]]) -> None:
    with (
        backend.cursor() as cursor,
        cursor.copy(
            "COPY match_staging (batch_id, match_id, user_a_id, user_b_id, score, tier, inputs_hash,"
            " a_need, a_offer, a_similarity, a_gain, b_need, b_offer, b_similarity, b_gain)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(
            ["uuid", "uuid", "uuid", "uuid", "float8", "text", "bytea"]
            + ["uuid", "uuid", "float8", "float8"] * 2
        )
        for pair, inputs_hash in pairs:
            copy.write_row(_row(batch, pair, inputs_hash))


def _row(batch: UUID, pair: Pair, inputs_hash: bytes) -> tuple[Any, ...]:
    a, b = pair.a_gains, pair.b_gains
    return (
        batch, uuid4(), pair.a, pair.b, pair.score, tier(pair.score), inputs_hash,
        a.need_id, a.offer_id, a.similarity, a.gain,
        b.need_id, b.offer_id, b.similarity, b.gain,
    )  # fmt: skip


def _remove_outdated(
    backend: BackendConnection,
    batch: UUID,
    members: Sequence[UUID] | None,
    origin: Origin,
    unjudged: Sequence[UUID],
) -> None:
    values = {
        "all": members is None,
        "ids": [] if members is None else list(members),
        "batch": batch,
        "at": origin.at,
        "unjudged": list(unjudged),
        "rests": RESTS,
    }
    backend.execute(
        "DELETE FROM matches m"
        " WHERE m.user_a_decision = 'pending' AND m.user_b_decision = 'pending'"
        " AND (%(all)s OR m.user_a_id = ANY(%(ids)s) OR m.user_b_id = ANY(%(ids)s))"
        " AND m.updated_at < %(at)s"
        " AND m.user_a_id <> ALL(%(unjudged)s) AND m.user_b_id <> ALL(%(unjudged)s)"
        " AND NOT EXISTS (SELECT 1 FROM match_staging n WHERE n.batch_id = %(batch)s"
        "  AND n.user_a_id = m.user_a_id AND n.user_b_id = m.user_b_id)"
        " AND NOT EXISTS (SELECT 1 FROM match_scores s"  # what ran out is remembered while it rests
        "  WHERE s.user_a_id = m.user_a_id AND s.user_b_id = m.user_b_id"
        "  AND s.expires_at BETWEEN now() - %(rests)s::interval AND now())",
        values,
    )
    backend.execute(
        "DELETE FROM match_scores s"
        " WHERE (%(all)s OR s.user_a_id = ANY(%(ids)s) OR s.user_b_id = ANY(%(ids)s))"
        " AND NOT EXISTS (SELECT 1 FROM matches m"
        "  WHERE m.user_a_id = s.user_a_id AND m.user_b_id = s.user_b_id)",
        values,
    )


def _write_matches(backend: BackendConnection, batch: UUID, origin: Origin) -> None:
    values = {"batch": batch, "at": origin.at}
    # Two statements: ON CONFLICT DO UPDATE would lock every row it meets, changed or not.
    backend.execute(
        "UPDATE matches m SET batch_id = n.batch_id, match_tier = n.tier, updated_at = %(at)s"
        " FROM match_staging n WHERE n.batch_id = %(batch)s"
        "  AND m.user_a_id = n.user_a_id AND m.user_b_id = n.user_b_id"
        "  AND m.match_tier IS DISTINCT FROM n.tier AND m.updated_at <= %(at)s"
        "  AND m.user_a_decision = 'pending' AND m.user_b_decision = 'pending'",
        values,
    )
    backend.execute(
        "INSERT INTO matches (id, batch_id, user_a_id, user_b_id, user_a_decision, user_b_decision,"
        " status, match_tier, created_at, updated_at)"
        " SELECT match_id, batch_id, user_a_id, user_b_id, 'pending', 'pending', 'pending', tier,"
        "  %(at)s, %(at)s FROM match_staging WHERE batch_id = %(batch)s"
        " ON CONFLICT (user_a_id, user_b_id) DO NOTHING",
        values,
    )


def _write_scores(backend: BackendConnection, batch: UUID, origin: Origin) -> None:
    values = {
        "batch": batch, "run": origin.run_id, "model": origin.model,
        "algorithm": origin.algorithm, "at": origin.at,
        # A backend beside us is told by which run a set came about.
        "all": backend.beside_nestjs,
    }  # fmt: skip
    # What stands as the run gives it, of the same inputs and for the same two reasons, is left alone.
    # Sums of the same products differ in their last digits by how they were cut into blocks.
    backend.execute(
        "INSERT INTO match_scores (user_a_id, user_b_id, score, tier, model, algorithm, inputs_hash,"
        " run_id, created_at, updated_at)"
        " SELECT user_a_id, user_b_id, score, tier, %(model)s, %(algorithm)s, inputs_hash, %(run)s,"
        "  %(at)s, %(at)s FROM match_staging n WHERE batch_id = %(batch)s"
        " AND (%(all)s OR NOT EXISTS (SELECT 1 FROM match_scores s"
        "  JOIN match_reasons a ON a.user_a_id = s.user_a_id AND a.user_b_id = s.user_b_id"
        "   AND a.gainer_id = s.user_a_id AND a.need_id = n.a_need AND a.offer_id = n.a_offer"
        "  JOIN match_reasons b ON b.user_a_id = s.user_a_id AND b.user_b_id = s.user_b_id"
        "   AND b.gainer_id = s.user_b_id AND b.need_id = n.b_need AND b.offer_id = n.b_offer"
        "  WHERE s.user_a_id = n.user_a_id AND s.user_b_id = n.user_b_id"
        "   AND s.inputs_hash = n.inputs_hash AND s.tier = n.tier"
        "   AND s.model = %(model)s AND s.algorithm = %(algorithm)s"
        "   AND abs(s.score - n.score) < 1e-5"
        "   AND (s.expires_at IS NULL OR s.expires_at > now())))"
        " ON CONFLICT (user_a_id, user_b_id) DO UPDATE SET score = excluded.score,"
        "  tier = excluded.tier, model = excluded.model, algorithm = excluded.algorithm,"
        "  inputs_hash = excluded.inputs_hash, run_id = excluded.run_id,"
        "  expires_at = CASE WHEN match_scores.expires_at > now() THEN match_scores.expires_at END,"
        "  updated_at = excluded.updated_at"
        " WHERE match_scores.updated_at <= excluded.updated_at",
        values,
    )
    backend.execute(
        "INSERT INTO match_reasons (user_a_id, user_b_id, gainer_id, need_id, offer_id, similarity,"
        " gain)"
        " SELECT n.user_a_id, n.user_b_id, half.gainer, half.need, half.offer, half.similarity,"
        "  half.gain FROM match_staging n"
        " JOIN match_scores s USING (user_a_id, user_b_id),"
        " LATERAL (VALUES (n.user_a_id, n.a_need, n.a_offer, n.a_similarity, n.a_gain),"
        "  (n.user_b_id, n.b_need, n.b_offer, n.b_similarity, n.b_gain))"
        "  AS half (gainer, need, offer, similarity, gain)"
        " WHERE n.batch_id = %(batch)s AND s.run_id = %(run)s"
        " ON CONFLICT (user_a_id, user_b_id, gainer_id) DO UPDATE SET need_id = excluded.need_id,"
        "  offer_id = excluded.offer_id, similarity = excluded.similarity, gain = excluded.gain",
        values,
    )
    backend.execute("DELETE FROM match_staging WHERE batch_id = %(batch)s", values)


def count(backend: BackendConnection) -> int:
    """Count all pairs."""
    row = backend.execute("SELECT count(*) FROM matches").fetchone()
    return 0 if row is None else int(row[0])
