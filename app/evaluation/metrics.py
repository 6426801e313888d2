"""Measures of rankings, the intervals around them, and the exposure that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.exposure import Exposure, exposure
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a mean and its 95 % interval by bootstrap over the units that were measured."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


def bootstrap(values: Floats, draws: int = 2000, seed: int = 0) -> Estimate:
    """Estimate the mean of one value for each unit (a request, a person, a draw)."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(draws)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))


def ratio(values: Floats, baseline: Floats, draws: int = 2000, seed: int = 0) -> Estimate:
    """Estimate by how much the mean exceeds a baseline's on the same units: 0.05 is 5 % more."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        at = rng.integers(0, len(values), len(values))
        found.append(values[at].mean() / max(float(baseline[at].mean()), 1e-12) - 1.0)
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(float(values.mean() / baseline.mean() - 1.0), float(low), float(high))


def best(scores: Floats, length: int) -> Indices:
    """Give the columns of the `length` highest scores of each row, ties by column."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :length].astype(np.int64)


def ndcg(scores: Floats, gains: Floats, length: int = 10) -> Floats:
    """Give NDCG of each row; `gains` (rows, columns) are 0 or more, each row has one above 0."""
    discount = 1.0 / np.log2(np.arange(2, length + 2))
    got = np.take_along_axis(gains, best(scores, length), axis=1) @ discount[: gains.shape[1]]
    ideal = -np.sort(-gains, axis=1)[:, :length] @ discount[: gains.shape[1]]
    return np.asarray(got / ideal, np.float64)


def grouped_ndcg(
    score: Floats, relevant: NDArray[np.bool_], group: Indices, length: int = 5
) -> Floats:
    """Give NDCG of each group of two or more rows of which one is relevant, in a long table.

    A group of one has nothing to rank and would only flatter.
    """
    discount = 1.0 / np.log2(np.arange(2, length + 2))
    order = np.lexsort((-score, group))
    edges = np.flatnonzero(np.diff(group[order])) + 1
    found = []
    for part in np.split(relevant[order].astype(np.float64), edges):
        if len(part) > 1 and part.any():
            top = part[:length]
            found.append(
                top @ discount[: len(top)] / discount[: int(min(length, part.sum()))].sum()
            )
    return np.array(found)


def exposure_of_matrix(scores: Floats, length: int, *, mutual: bool) -> Exposure:
    """Measure how the top lists of a score matrix share attention among its columns.

    `mutual` says that rows and columns are the same people.
    """
    top = best(scores, length)
    rows, columns = scores.shape
    member = np.repeat(np.arange(rows), top.shape[1])
    if not mutual:
        member = member + columns
    place = np.tile(np.arange(1, top.shape[1] + 1), rows)
    return exposure(member, top.ravel(), place, np.arange(columns))


def exposure_of_groups(
    score: Floats, group: Indices, item: Indices, length: int, *, offset: int = 0
) -> Exposure:
    """Measure the same for a long table of (group, item, score); `offset` keeps sides apart."""
    order = np.lexsort((-score, group))
    ranked = group[order]
    place = np.arange(len(order)) - np.searchsorted(ranked, ranked) + 1
    top = order[place <= length]
    reachable = np.unique(item)
    return exposure(group[top] + offset, item[top], place[place <= length], reachable)


def exposure_cells(found: Exposure) -> tuple[float, float, int]:
    """Give what stands beside every figure of accuracy: Gini, share never shown, mutual pairs."""
    return round(found.gini, 3), round(found.never_shown, 4), found.mutual_pairs


def mean_exposure_cells(found: Sequence[Exposure]) -> tuple[float, float, float]:
    """Give the same for one or more communities: the mean over them, each counting alike."""
    if len(found) == 1:
        return exposure_cells(found[0])
    cells = np.mean([(one.gini, one.never_shown, one.mutual_pairs) for one in found], axis=0)
    return round(float(cells[0]), 3), round(float(cells[1]), 4), round(float(cells[2]), 1)


EXPOSURE_COLUMNS = ("exposure Gini", "never shown", "pairs on both lists")
