"""The best partners so far of each member of a block, kept so that no true one is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import Indices, Vectors

Keys = NDArray[np.uint64]
ExactScore = Callable[[Indices, Indices], NDArray[np.float64]]

# One entry is one sortable integer: row of the block, 1 / score^2 as its float32 bits (a positive
# float sorts by its bits), partner. Ascending order is row by row, best first, ties by partner.
_PARTNER_BITS: Final = 21
_RISK_BITS: Final = 31
BLOCK_LIMIT: Final = 1 << (64 - _RISK_BITS - _PARTNER_BITS)
MEMBER_LIMIT: Final = 1 << _PARTNER_BITS
# exp stays finite in float32 for both factors together.
_FARTHEST: Final = np.float32(43.0)


class Risk:
    """Turn two cosines into 1 / score^2 = (1 + e^-z)(1 + e^-z'), and bound its rounding.

    For a float32 product of vectors of width d, none longer than one, a cosine is off by at most
    d * 2^-24, hence the risk by a factor of exp(2 * d * 2^-24 / scale) at most. `slack` is twice
    that and a little: a pair within it may still turn out to be the better one.
    """

    def __init__(self, calibration: Calibration, width: int) -> None:
        self._midpoint = calibration.midpoint
        self._scale = calibration.scale
        self.slack = float(np.expm1(4.0 * (width + 8) * 2.0**-24 / calibration.scale)) + 1e-6

    def of(self, gained: Vectors, given: Vectors) -> NDArray[np.float32]:
        """Give the risk of each pair: 1 is certain, more is worse."""
        return self._factor(gained) * self._factor(given)

    def _factor(self, cosine: Vectors) -> NDArray[np.float32]:
        exponent = (np.float32(self._midpoint) - cosine) * np.float32(1.0 / self._scale)
        np.minimum(exponent, _FARTHEST, out=exponent)
        np.exp(exponent, out=exponent)
        exponent += np.float32(1.0)
        return exponent

    def least_sum(self, limit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the sum of cosines below which no pair reaches the limit.

        log(1 + e^-z) is convex, so of all pairs with one sum the balanced one has the least risk.
        """
        with np.errstate(divide="ignore"):
            farthest = np.log(np.sqrt(limit.astype(np.float64)) - 1.0)
        least = 2.0 * (self._midpoint - self._scale * farthest)
        reachable = np.isfinite(limit) & (farthest < 2.0 * float(_FARTHEST))
        return np.where(reachable, least - 1e-5, -np.inf).astype(np.float32)


class Shortlists:
    """Hold for each row of one block the entries that may still be among its `length` best."""

    def __init__(self, members: Indices, length: int, risk: Risk, exact: ExactScore) -> None:
        self.members = members
        self.limit = np.full(len(members), np.inf, np.float32)
        self.least_sum = np.full(len(members), -np.inf, np.float32)
        self._length = length
        self._risk = risk
        self._exact = exact
        rows = np.arange(len(members))
        self._lowest = _pack(rows, np.zeros(len(rows), np.float32), 0 * rows)
        self._kept: Keys = np.empty(0, np.uint64)
        self._new: list[Keys] = []
        self._waiting = 0
        self._patience = len(members) * max(2 * length, 32)
        self._room = 4 * length + 64

    def offer(self, row: Indices, risk: NDArray[np.float32], partner: Indices) -> None:
        """Take note of the pairs that are within their row's limit."""
        near = np.flatnonzero(risk <= self.limit[row])
        if len(near) == 0:
            return
        self._new.append(_pack(row[near], risk[near], partner[near]))
        self._waiting += len(near)
        if self._waiting > self._patience:
            self.settle()

    def settle(self) -> None:
        """Keep each row's best and whatever rounding might still lift into them."""
        keys = np.concatenate([self._kept, *self._new])
        self._new, self._waiting = [], 0
        keys.sort()
        first, held = self._rows(keys)
        full = np.flatnonzero(held >= self._length)
        worst = _risks(keys[first[full] + self._length - 1])
        self.limit[full] = worst * np.float32(1.0 + self._risk.slack)
        self.least_sum = self._risk.least_sum(self.limit)
        rows = np.arange(len(self.members))
        highest = _pack(rows, self.limit, np.full(len(rows), MEMBER_LIMIT - 1))
        self._kept = keys[keys <= np.repeat(highest, held)]
        self._settle_ties()

    def _rows(self, keys: Keys) -> tuple[Indices, Indices]:
        """Give where each row begins among sorted entries, and how many it has."""
        first = np.searchsorted(keys, self._lowest)
        return first, np.diff(first, append=len(keys))

    def _settle_ties(self) -> None:
        # Hundreds of members with the same words tie; the exact score and the index decide, so
        # that memory stays bounded whatever people write.
        first, held = self._rows(self._kept)
        if not np.any(held > self._room):
            return
        inside = np.repeat(held > self._room, held)
        row = _row_of(self._kept)
        place = np.arange(len(row)) - first[row]
        rows, partners = row[inside], _partners(self._kept[inside])
        score = self._exact(self.members[rows], partners)
        order = np.lexsort((partners, -score, rows))
        best = order[place[inside] < self._length]
        self._kept = np.sort(np.concatenate([self._kept[~inside], self._kept[inside][best]]))

    def entries(self) -> tuple[Indices, Indices]:
        """Give member and partner of everything kept; a row may hold a few more than its length."""
        self.settle()
        return self.members[_row_of(self._kept)], _partners(self._kept)


def _pack(row: Indices, risk: NDArray[np.float32], partner: Indices) -> Keys:
    keys = row.astype(np.uint64) << np.uint64(_RISK_BITS)
    keys |= risk.view(np.uint32).astype(np.uint64)
    keys <<= np.uint64(_PARTNER_BITS)
    keys |= partner.astype(np.uint64)
    return keys


def _row_of(keys: Keys) -> Indices:
    return (keys >> np.uint64(_RISK_BITS + _PARTNER_BITS)).astype(np.int64)


def _risks(keys: Keys) -> NDArray[np.float32]:
    bits = (keys >> np.uint64(_PARTNER_BITS)) & np.uint64((1 << _RISK_BITS) - 1)
    return bits.astype(np.uint32).view(np.float32)


def _partners(keys: Keys) -> Indices:
    return (keys & np.uint64(MEMBER_LIMIT - 1)).astype(np.int64)
