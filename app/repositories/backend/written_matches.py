"""Write matches: one row for each unordered pair, a reason for each of its sides.

Beside a backend that owns `matches`, only scores and reasons are written, see `pairs_beside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from app.databases.arrays import as_array
from app.databases.connections import BackendConnection
from app.domain.decisions import RESTS
from app.domain.matching.pairs import Pair
from app.domain.matching.tiers import tier
from app.repositories.backend import pairs_beside

# Two texts of each: a plan that is kept for both would look at everybody's pairs for one member's.
_OF: Final = " AND ({t}.user_a_id = ANY(%(ids)s::uuid[]) OR {t}.user_b_id = ANY(%(ids)s::uuid[]))"
_REMOVE_MATCHES: Final = (
    "DELETE FROM matches m"
    " WHERE m.user_a_decision = 'pending' AND m.user_b_decision = 'pending'{whose}"
    " AND m.updated_at < %(at)s"
    " AND m.user_a_id <> ALL(%(unjudged)s::uuid[]) AND m.user_b_id <> ALL(%(unjudged)s::uuid[])"
    " AND NOT EXISTS (SELECT 1 FROM match_staging n WHERE n.batch_id = %(batch)s"
    "  AND n.user_a_id = m.user_a_id AND n.user_b_id = m.user_b_id)"
    " AND NOT EXISTS (SELECT 1 FROM match_scores s"  # what ran out is remembered while it rests
    "  WHERE s.user_a_id = m.user_a_id AND s.user_b_id = m.user_b_id"
    "  AND s.expires_at BETWEEN now() - %(rests)s::interval AND now())"
)
_REMOVE_ALL_MATCHES: Final = _REMOVE_MATCHES.format(whose="")
_REMOVE_MATCHES_OF: Final = _REMOVE_MATCHES.format(whose=_OF.format(t="m"))
_REMOVE_SCORES: Final = (
    "DELETE FROM match_scores s"
    " WHERE NOT EXISTS (SELECT 1 FROM matches m"
    "  WHERE m.user_a_id = s.user_a_id AND m.user_b_id = s.user_b_id){whose}"
)
_REMOVE_ALL_SCORES: Final = _REMOVE_SCORES.format(whose="")
_REMOVE_SCORES_OF: Final = _REMOVE_SCORES.format(whose=_OF.format(t="s"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Say what a set of pairs rests on: every derived row carries it."""

    run_id: UUID
    model: str
    algorithm: str
    method: str
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
    with backend.pipeline():  # none of these waits for what the one before it gave
        if pairs:
            _write_batch(backend, batch, origin, len(pairs))
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
        "ids": as_array(members or ()),
        "batch": batch,
        "at": origin.at,
        "unjudged": as_array(unjudged),
        "rests": RESTS,
    }
    backend.execute(_REMOVE_ALL_MATCHES if members is None else _REMOVE_MATCHES_OF, values)
    backend.execute(_REMOVE_ALL_SCORES if members is None else _REMOVE_SCORES_OF, values)


def _write_batch(backend: BackendConnection, batch: UUID, origin: Origin, pairs: int) -> None:
    backend.execute(
        "INSERT INTO match_batches (id, data, status, match_date, created_at)"
        " VALUES (%s, %s, 'completed', %s, %s)",
        (batch, Jsonb({"run_id": str(origin.run_id), "pairs": pairs}), origin.at, origin.at),
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
        "algorithm": origin.algorithm, "method": origin.method, "at": origin.at,
        # A backend beside us is told by which run a set came about.
        "all": backend.beside_nestjs,
    }  # fmt: skip
    # What stands as the run gives it, of the same inputs, found the same way and for the same two
    # reasons, is left alone.
    # Sums of the same products differ in their last digits by how they were cut into blocks.
    backend.execute(
        "INSERT INTO match_scores (user_a_id, user_b_id, score, tier, model, algorithm, inputs_hash,"
        " run_id, created_at, updated_at)"
        " SELECT user_a_id, user_b_id, score, tier, %(model)s, %(algorithm)s, inputs_hash, %(run)s,"
        "  %(at)s, %(at)s FROM match_staging n WHERE batch_id = %(batch)s"
        " AND (%(all)s OR NOT EXISTS (SELECT 1 FROM match_scores s"
        "  JOIN matching_runs r ON r.id = s.run_id AND r.method = %(method)s"
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
