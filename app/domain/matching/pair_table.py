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

    `a_wants[k]` says that b[k] may stand in a[k]'s list, `b_wants[k]` likewise. Pairs ascend by
    (a, b), a < b. Equal scores are ordered by the partner's index.
    """
    best_first = np.argsort(-scored.score, kind="stable")
    rank = np.empty(len(a), np.int64)
    rank[best_first] = np.arange(len(a))
    # A member's pairs ascend by the partner, so equal scores stay in the partners' order.
    entries = np.concatenate([a[a_wants], b[b_wants]]) * len(a)
    entries += np.concatenate([rank[a_wants], rank[b_wants]])
    entries.sort()
    member, rank = np.divmod(entries, max(len(a), 1))
    in_list = np.bincount(member)
    place = np.arange(1, len(entries) + 1) - (np.cumsum(in_list) - in_list)[member]
    member, pair, place = (each[place <= length] for each in (member, best_first[rank], place))
    of_a = a[pair] == member
    a_place, b_place = np.zeros(len(a), np.int32), np.zeros(len(a), np.int32)
    a_place[pair[of_a]], b_place[pair[~of_a]] = place[of_a], place[~of_a]
    at = np.flatnonzero((a_place > 0) | (b_place > 0))
    sides = [
        Gains(side.need[at], side.offer[at], side.cosine[at], side.gain[at])
        for side in (scored.a_gains, scored.b_gains)
    ]
    return PairTable(a[at], b[at], scored.score[at], sides[0], sides[1], a_place[at], b_place[at])
