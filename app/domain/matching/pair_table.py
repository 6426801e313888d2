"""Pairs that stand in somebody's list, and at which place, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.couples import Gains, ScoredPairs
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices

Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PairTable:
    """Hold one row for each unordered pair that stands in at least one list, by (a, b).

    a < b are member indices. `a_gains` and `b_gains` hold the rows of each side's best couple in
    `MemberVectors`, its cosine and its gain; score = pair_score(a_gains.gain, b_gains.gain).
    `a_place` is the place of b in a's list counted from 1, or 0 when b is not in it; `b_place`
    likewise.
    """

    a: Indices
    b: Indices
    score: Floats
    a_gains: Gains
    b_gains: Gains
    a_place: NDArray[np.int32]
    b_place: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.a)

    def partners(self, member: int) -> Indices:
        """Give the list of one member, the best partner first."""
        mine = np.flatnonzero((self.a == member) & (self.a_place > 0))
        theirs = np.flatnonzero((self.b == member) & (self.b_place > 0))
        place = np.concatenate([self.a_place[mine], self.b_place[theirs]])
        partner = np.concatenate([self.b[mine], self.a[theirs]])
        return np.asarray(partner[np.argsort(place)], np.int64)


def listed(
    a: Indices, b: Indices, scored: ScoredPairs, a_wants: Chosen, b_wants: Chosen, length: int
) -> PairTable:
    """Keep each member's `length` best of the pairs (a[k], b[k]) that they may list.

    `a_wants[k]` says that b[k] may stand in a[k]'s list, `b_wants[k]` likewise. Equal scores are
    ordered by the partner's index.
    """
    a_row, b_row = np.flatnonzero(a_wants), np.flatnonzero(b_wants)
    row = np.concatenate([a_row, b_row])
    member, partner = np.concatenate([a[a_row], b[b_row]]), np.concatenate([b[a_row], a[b_row]])
    order = np.lexsort((partner, -scored.score[row], member))
    ranked = member[order]
    place = np.empty(len(row), np.int64)
    place[order] = np.arange(len(order)) - np.searchsorted(ranked, ranked) + 1
    place[place > length] = 0
    a_place, b_place = np.zeros(len(a), np.int32), np.zeros(len(a), np.int32)
    a_place[a_row], b_place[b_row] = place[: len(a_row)], place[len(a_row) :]
    at = np.flatnonzero((a_place > 0) | (b_place > 0))
    sides = [
        Gains(side.need[at], side.offer[at], side.cosine[at], side.gain[at])
        for side in (scored.a_gains, scored.b_gains)
    ]
    return PairTable(a[at], b[at], scored.score[at], sides[0], sides[1], a_place[at], b_place[at])
