"""How attention falls on members: a figure of accuracy is never reported without these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices


@dataclass(frozen=True, slots=True)
class Exposure:
    """Hold how lists share attention out among the members who could be shown to anybody.

    `gini` is the Gini coefficient of attention (0 all alike, 1 all to one), `never_shown` the
    share of members in nobody's list, `mutual_pairs` the number of pairs on both their lists.
    """

    gini: float
    never_shown: float
    mutual_pairs: int


def gini(amounts: Floats) -> float:
    """Give the Gini coefficient of amounts that are 0 or more; 0 for nobody and for nothing."""
    ordered = np.sort(np.asarray(amounts, np.float64))
    total = float(ordered.sum())
    if len(ordered) == 0 or total == 0.0:
        return 0.0
    ranks = np.arange(1, len(ordered) + 1)
    return float(
        2.0 * (ranks @ ordered) / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)
    )


def attention(partner: Indices, place: Indices, members: int) -> Floats:
    """Give what falls on each member: 1 / place summed over the lists they stand in."""
    return np.asarray(np.bincount(partner, 1.0 / place, members), np.float64)


def exposure(member: Indices, partner: Indices, place: Indices, reachable: Indices) -> Exposure:
    """Measure lists given as rows (member, partner, place from 1) over the reachable members."""
    members = 1 + int(max(reachable.max(initial=-1), partner.max(initial=-1)))
    falls = attention(partner, place, members)[reachable]
    codes = np.minimum(member, partner) * members + np.maximum(member, partner)
    listed = np.unique(codes, return_counts=True)[1]
    never = float(np.mean(falls == 0.0)) if len(reachable) else 0.0
    return Exposure(gini(falls), never, int(np.count_nonzero(listed > 1)))
