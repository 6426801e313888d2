"""A linear map of vectors, learned from what a community's statements are about.

Two statements on one topic come nearer, whatever their words. The map keeps the width, so mapped
vectors are stored, searched and compared like any others, as rows of a model of their own name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Vectors


@dataclass(frozen=True, slots=True)
class StatementMap:
    """Hold the map: a vector v becomes the unit vector along (v - mean) @ matrix."""

    mean: Floats
    matrix: Floats

    def apply(self, vectors: Vectors) -> Vectors:
        """Map unit vectors (n, d) to unit vectors (n, d); needs and offers alike."""
        moved = (vectors.astype(np.float64) - self.mean) @ self.matrix
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / np.maximum(length, 1e-12), np.float32)


def fit_map(
    vectors: Vectors, topics: NDArray[np.bool_], *, ridge: float = 5.0, strength: float = 2.0
) -> StatementMap:
    """Fit the map to statements (n, d) and the topics (n, t) that their members gave them.

    Ridge regression predicts topics from vectors, W; cosines are then taken in the metric
    I + strength^2 W W', whose symmetric root is the matrix. Rare topics weigh more: each column
    of W is divided by the fourth root of its topic's count. Raises ValueError without any topic.
    """
    x, y = vectors.astype(np.float64), topics.astype(np.float64)
    if x.shape[0] != y.shape[0] or not topics.any():
        raise ValueError("a map is learned from statements with topics: give at least one topic")
    mean = x.mean(axis=0)
    centred = x - mean
    width = x.shape[1]
    inner = centred.T @ centred + ridge * np.eye(width)
    weights = np.linalg.solve(inner, centred.T @ (y - y.mean(axis=0)))
    weights /= (y.sum(axis=0) + 1.0) ** 0.25
    weights /= np.sqrt(np.mean(np.sum((centred @ weights) ** 2, axis=1)))
    values, axes = np.linalg.eigh(np.eye(width) + strength**2 * weights @ weights.T)
    return StatementMap(mean, (axes * np.sqrt(values)) @ axes.T)
