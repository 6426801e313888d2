"""Make all members' lists at once, by blocked matrix products over all vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import numpy as np

from app.domain.matching.couples import Gains
from app.domain.matching.everyone import best_pairs
from app.domain.matching.pairs import Pair, Reason
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import Indices, MemberVectors, Vectors
from app.repositories.ai.embeddings import VectorTable


def _of(table: VectorTable, place: dict[UUID, int]) -> tuple[list[UUID], Vectors, Indices]:
    keep = [row for row, user_id in enumerate(table.user_ids) if user_id in place]
    owners = np.array([place[table.user_ids[row]] for row in keep], dtype=np.int64)
    return [table.statement_ids[row] for row in keep], table.vectors[keep], owners


def pairs(
    needs: VectorTable,
    offers: VectorTable,
    *,
    eligible: Sequence[UUID],
    forbidden: Sequence[tuple[UUID, UUID]],
    calibration: Calibration,
    length: int,
    progress: Callable[[float], None] | None = None,
) -> list[Pair]:
    """Give every pair that is among the `length` best of either of its members.

    Both tables are ordered by member, and so is `eligible`.
    """
    place = {user_id: index for index, user_id in enumerate(eligible)}
    need_ids, need_vectors, need_owners = _of(needs, place)
    offer_ids, offer_vectors, offer_owners = _of(offers, place)
    never = [(place[a], place[b]) for a, b in forbidden if a in place and b in place]
    table = best_pairs(
        MemberVectors(need_vectors, need_owners, offer_vectors, offer_owners, len(eligible)),
        length=length,
        calibration=calibration,
        forbidden=np.array(never, dtype=np.int64).reshape(-1, 2),
        progress=progress,
    )
    columns = (table.a, table.b, table.score)
    rows = zip(
        *(c.tolist() for c in columns),
        _reasons(table.a_gains, need_ids, offer_ids),
        _reasons(table.b_gains, need_ids, offer_ids),
        strict=True,
    )
    return [
        Pair(eligible[a], eligible[b], score, mine, theirs) for a, b, score, mine, theirs in rows
    ]


def _reasons(gains: Gains, need_ids: Sequence[UUID], offer_ids: Sequence[UUID]) -> Iterator[Reason]:
    rows = zip(
        gains.need.tolist(),
        gains.offer.tolist(),
        gains.cosine.tolist(),
        gains.gain.tolist(),
        strict=True,
    )
    for need, offer, cosine, gain in rows:
        yield Reason(need_ids[need], offer_ids[offer], min(1.0, max(-1.0, cosine)), gain)
