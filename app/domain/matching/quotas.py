"""Introductions for a small community: the best pair first, within everybody's quota."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices

# Below so many members the expectations that rounds share out rest on too few people.
SMALL_COMMUNITY = 200


def introduce(
    a: Indices, b: Indices, score: Floats, quota: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Choose pairs (a[k], b[k]) by score so that nobody is in more than `quota[m]` of them.

    Nobody is left without an introduction while one of theirs could still be made: first those
    who have none are served, best pair first, then all in turns, so that a second introduction
    waits until the firsts are given. Returns the chosen k in that order.
    """
    left = np.asarray(quota, np.int64).copy()
    if left.min(initial=0) < 0:
        raise ValueError("a quota is 0 or more introductions")
    order = np.lexsort((b, a, -np.asarray(score, np.float64)))
    members = [(int(k), int(a[k]), int(b[k])) for k in order]
    count = [0] * len(left)
    chosen: list[int] = []

    def give(allowed: int, *, one_may_have_more: bool) -> None:
        for k, one, other in members:
            if taken[k] or count[one] >= left[one] or count[other] >= left[other]:
                continue
            fewer, more = sorted((count[one], count[other]))
            if fewer < allowed and (one_may_have_more or more < allowed):
                taken[k] = True
                chosen.append(k)
                count[one] += 1
                count[other] += 1

    taken = [False] * len(members)
    for turn in range(1, int(left.max(initial=0)) + 1):
        give(turn, one_may_have_more=False)
        give(turn, one_may_have_more=True)
    return np.array(chosen, np.int64)
