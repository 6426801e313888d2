"""Say whether a learned map brings statements on one topic nearer than the model alone does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Floats
from app.domain.matching.statement_map import StatementMap, fit_map
from app.domain.matching.vectors import Vectors

_GRID = tuple(product((2.0, 10.0), (1.0, 2.0, 3.0)))
FEWEST_STATEMENTS = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """Hold a map, and the share of held-out statements whose nearest neighbour shares a topic.

    `plain` is that share by the model alone, `gain` the difference and `error` its standard error.
    """

    mapping: StatementMap
    plain: float
    mapped: float
    gain: float
    error: float

    @property
    def better(self) -> bool:
        """Say whether the map is better beyond noise."""
        return self.gain > 1.96 * self.error


def try_map(vectors: Vectors, topics: NDArray[np.bool_], *, seed: int = 0) -> Trial:
    """Fit a map on three quarters of the statements and try it on the rest; then fit it on all.

    Settings are chosen within the three quarters. Raises ValueError for fewer than 200 statements.
    """
    if len(vectors) < FEWEST_STATEMENTS:
        raise ValueError(
            f"{len(vectors)} statements are too few for a map; {FEWEST_STATEMENTS} are needed"
        )
    part = np.random.default_rng(seed).permutation(len(vectors)) % 4
    inside, out = part > 0, part == 0
    chosen = max(_GRID, key=lambda one: _inner(vectors, topics, part, one))
    found = fit_map(vectors[inside], topics[inside], ridge=chosen[0], strength=chosen[1])
    plain = _hits(vectors[out], topics[out])
    mapped = _hits(found.apply(vectors[out]), topics[out])
    difference = mapped - plain
    whole = fit_map(vectors, topics, ridge=chosen[0], strength=chosen[1])
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    return Trial(whole, float(plain.mean()), float(mapped.mean()), float(difference.mean()), error)


def _inner(
    vectors: Vectors,
    topics: NDArray[np.bool_],
    part: NDArray[np.int64],
    setting: tuple[float, float],
) -> float:
    seen, out = part > 1, part == 1
    found = fit_map(vectors[seen], topics[seen], ridge=setting[0], strength=setting[1])
    return float(_hits(found.apply(vectors[out]), topics[out]).mean())


def _hits(vectors: Vectors, topics: NDArray[np.bool_]) -> Floats:
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    nearest = near.argmax(axis=1)
    return np.asarray((topics & topics[nearest]).any(axis=1), np.float64)
