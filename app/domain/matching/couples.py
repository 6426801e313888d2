"""The exact numbers of given pairs: each side's best couple, its cosine, its gain, the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Calibration, Floats, pair_score
from app.domain.matching.vectors import Indices, MemberVectors, Vectors

# Two gathered matrices of this many rows stay in a core's own cache.
_COUPLES_AT_ONCE = 512


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
        couples = needs * offers
        if np.any(couples == 0):
            raise ValueError("a pair without a need or an offer has no couple: leave it out")
        need, offer = np.empty(len(taker), np.int64), np.empty(len(taker), np.int64)
        cosine = np.empty(len(taker), np.float32)
        ends = np.cumsum(couples)
        start = 0
        while start < len(taker):
            base = ends[start] - couples[start]
            stop = int(np.searchsorted(ends, base + _COUPLES_AT_ONCE, side="right"))
            stop = max(stop, start + 1)
            part = slice(start, stop)
            need[part], offer[part], cosine[part] = self._best(
                self._first_need[taker[part]],
                self._first_offer[giver[part]],
                couples[part],
                offers[part],
            )
            start = stop
        return Gains(need, offer, cosine, self._calibration.probability(cosine.astype(np.float64)))

    def _best(
        self, first_need: Indices, first_offer: Indices, couples: Indices, offers: Indices
    ) -> tuple[Indices, Indices, NDArray[np.float32]]:
        begins = np.cumsum(couples) - couples
        place = np.arange(int(couples.sum())) - np.repeat(begins, couples)
        width = np.repeat(offers, couples)
        need = np.repeat(first_need, couples) + place // width
        offer = np.repeat(first_offer, couples) + place % width
        cosine = cosines(self._vectors.needs[need], self._vectors.offers[offer])
        highest = np.maximum.reduceat(cosine, begins)
        at = np.flatnonzero(cosine == np.repeat(highest, couples))
        # The first of equal couples: `at` ascends, so its first entry at or after each beginning.
        chosen = at[np.searchsorted(at, begins)]
        return need[chosen], offer[chosen], highest


def cosines(left: Vectors, right: Vectors) -> NDArray[np.float32]:
    """Give the cosine of each row of unit vectors with its fellow, times the weights of both."""
    # Rounding may carry the product of two unit vectors a little beyond one.
    product: NDArray[np.float32] = np.einsum("ij,ij->i", left, right)
    return np.clip(product, np.float32(-1.0), np.float32(1.0))
