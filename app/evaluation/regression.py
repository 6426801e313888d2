"""Ridge logistic regression for the measured data sets, so that measuring needs NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices

_STEPS = 8


@dataclass(frozen=True, slots=True)
class Logistic:
    """Hold a fitted model; unknown (NaN) features count as the mean."""

    mean: Floats
    spread: Floats
    weights: Floats

    def logit(self, features: Floats) -> Floats:
        """Give the logit of a yes for each row."""
        known = np.where(np.isnan(features), self.mean, features)
        scaled = (known - self.mean) / self.spread
        return np.asarray(self.weights[0] + scaled @ self.weights[1:], np.float64)


def fit_logistic(features: Floats, yes: NDArray[np.bool_], ridge: float) -> Logistic:
    """Fit by Newton's method on standardised features."""
    mean = np.nanmean(features, axis=0)
    known = np.where(np.isnan(features), mean, features)
    spread = known.std(axis=0) + 1e-6
    design = np.hstack([np.ones((len(known), 1)), (known - mean) / spread])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-design @ weights))
        curve = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(penalty)
        weights += np.linalg.solve(curve, design.T @ (yes - p) - penalty * weights)
    return Logistic(mean, spread, weights)


def held_out(features: Floats, yes: NDArray[np.bool_], fold: Indices, ridge: float) -> Floats:
    """Give each row's logit by a model that never saw the row's fold."""
    logit = np.empty(len(yes))
    for part in np.unique(fold):
        out = fold == part
        logit[out] = fit_logistic(features[~out], yes[~out], ridge).logit(features[out])
    return logit
