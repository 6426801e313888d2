"""The exact numbers of given pairs: each side's best couple, its cosine, its gain, the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Calibration, Floats, pair_score
from app.domain.matching.vectors import Indices, MemberVectors

# So many gathered statements stay in a core's own cache.
_STATEMENTS_AT_ONCE = 256
# So many couples are held at once: some megabytes of cosines and indices.
_COUPLES_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class Gains:
    """Hold what one side of each pair gains: rows of the best couple, its cosine, its gain."""

    need: Indices
    offer: Indices
    cosine: NDArray[np.float32]
    gain: Floats


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Hold the gains of both sides of each pair and the score they make."""

    score: Floats
    a_gains: Gains
    b_gains: Gains


class Couples:
    """Score pairs one by one, in a way that depends on nothing but their own statements.

    Matrix products round differently from tile to tile. A cosine here is summed row by row, always
    in the same order, so equal texts have equal scores wherever their members stand.
    """

    def __init__(self, vectors: MemberVectors, calibration: Calibration) -> None:
        self._vectors = vectors
        self._calibration = calibration
        self._first_need = vectors.first_need()
        self._first_offer = vectors.first_offer()

    def score(self, a: Indices, b: Indices) -> ScoredPairs:
        """Give score and reasons of the pairs (a[k], b[k]); each side has a need and an offer."""
        a_gains, b_gains = self.gains(a, b), self.gains(b, a)
        return ScoredPairs(pair_score(a_gains.gain, b_gains.gain), a_gains, b_gains)

    def gains(self, taker: Indices, giver: Indices) -> Gains:
        """Give what each taker gains from its giver: the first of the couples of highest cosine."""
        needs = self._first_need[taker + 1] - self._first_need[taker]
        offers = self._first_offer[giver + 1] - self._first_offer[giver]
        if np.any(needs == 0) or np.any(offers == 0):
            raise ValueError("a pair without a need or an offer has no couple: leave it out")
        need, offer = np.empty(len(taker), np.int64), np.empty(len(taker), np.int64)
        cosine = np.empty(len(taker), np.float32)
        for alike in _alike(needs, offers):
            need[alike], offer[alike], cosine[alike] = self._best(
                self._first_need[taker[alike], None] + np.arange(needs[alike[0]]),
                self._first_offer[giver[alike], None] + np.arange(offers[alike[0]]),
            )
        return Gains(need, offer, cosine, self._calibration.probability(cosine.astype(np.float64)))

    def _best(
        self, needs: Indices, offers: Indices
    ) -> tuple[Indices, Indices, NDArray[np.float32]]:
        """Give the first best couple of each row of (k, n) needs with that row of (k, m) offers."""
        pairs, width = len(needs), offers.shape[1]
        cosine = np.empty((pairs, needs.shape[1], width), np.float32)
        size = max(1, _STATEMENTS_AT_ONCE // (needs.shape[1] + width))
        for start in range(0, pairs, size):
            part = slice(start, start + size)
            np.einsum(
                "knd,kmd->knm",
                self._vectors.needs.take(needs[part], axis=0),
                self._vectors.offers.take(offers[part], axis=0),
                out=cosine[part],
            )
        # Rounding may carry the product of two unit vectors a little beyond one.
        found = np.clip(cosine, np.float32(-1.0), np.float32(1.0)).reshape(pairs, -1)
        row, chosen = np.arange(pairs), found.argmax(axis=1)
        need, offer = np.divmod(chosen, width)
        return needs[row, need], offers[row, offer], found[row, chosen]


def _alike(needs: Indices, offers: Indices) -> Iterator[Indices]:
    """Give the pairs in groups: of as many needs, and as many offers, in every pair of a group.

    However much the members of a group have said, its couples are no more than fit.
    """
    for count in np.flatnonzero(np.bincount(needs)):
        some = np.flatnonzero(needs == count)
        for other in np.flatnonzero(np.bincount(offers[some])):
            alike = some[offers[some] == other]
            size = max(1, _COUPLES_AT_ONCE // int(count * other))
            yield from (alike[start : start + size] for start in range(0, len(alike), size))
