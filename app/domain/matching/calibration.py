"""Fit what turns a cosine into a probability, and how readily members accept and are accepted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.vectors import Indices

Answers = NDArray[np.bool_]

_STEPS = 60
_STEEPEST = 1e3
# As many decisions as a slope is held to be worth before its own community has made any.
_PRIOR_DECISIONS = 10.0


@dataclass(frozen=True, slots=True)
class Fit:
    """Hold a fitted calibration and how it does on the decisions it was fitted on."""

    calibration: Calibration
    auc: float
    log_loss: float
    decisions: int


def fit(
    cosine: Floats, answered: Answers, *, prior: Calibration | None = None, weight: float = 1.0
) -> Fit:
    """Fit midpoint and scale by logistic regression (Newton's method), shrunk towards a prior.

    Both answers must occur, unless a prior is given. Raises ValueError when nothing can be fitted,
    or when a higher cosine does not go with a better answer: such a model must not rank people.
    """
    x, y = np.asarray(cosine, np.float64), np.asarray(answered, np.float64)
    if len(x) == 0 or (prior is None and not 0.0 < y.mean() < 1.0):
        raise ValueError("calibration needs answers of both kinds: collect more decisions")
    start = prior or Calibration()
    goal = np.array([-start.midpoint / start.scale, 1.0 / start.scale])
    theta, design = goal.copy(), np.stack([np.ones(len(x)), x], axis=1)
    strength = 1e-6 if prior is None else weight
    spread = np.diag([strength, strength * max(float(x.var()), 1e-4)]) * _PRIOR_DECISIONS / 4.0
    for _ in range(_STEPS):
        p = _sigmoid(design @ theta)
        slope = design.T @ (y - p) - spread @ (theta - goal)
        curve = (design * (p * (1.0 - p))[:, None]).T @ design + spread
        step = np.linalg.solve(curve, slope)
        theta = theta + step * min(1.0, 5.0 / float(np.abs(step).max() + 1e-12))
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 (far below any use of the numbers)
            break
    if not 0.0 < theta[1] < _STEEPEST:
        raise ValueError("answers do not rise with the cosine: keep the calibration there is")
    found = Calibration(float(-theta[0] / theta[1]), float(1.0 / theta[1]))
    p = found.probability(x)
    return Fit(found, auc(p, answered), float(log_loss(p, answered).mean()), len(x))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Hold, in units of the logit, how readily each member accepts, and is accepted.

    Zero is everybody without evidence. Added to (cosine - midpoint) / scale.
    """

    accepts: Floats
    accepted: Floats


def fit_readiness(
    logit: Floats,
    member: Indices,
    partner: Indices,
    answered: Answers,
    members: int,
    *,
    spread: float = 1.0,
) -> Readiness:
    """Fit both priors to decisions of `member` about `partner`, shrunk to zero.

    A logistic model with a normal prior of standard deviation `spread` on every member's two
    values; found by alternating Newton steps, which the prior keeps bounded: who decided or was
    decided on once moves little, who was never moves not at all.
    """
    y, base = np.asarray(answered, np.float64), np.asarray(logit, np.float64)
    accepts, accepted = np.zeros(members), np.zeros(members)
    precision = 1.0 / (spread * spread)
    for _ in range(_STEPS):
        moved = 0.0
        for who, values in ((member, accepts), (partner, accepted)):
            p = _sigmoid(base + accepts[member] + accepted[partner])
            slope = np.bincount(who, y - p, members) - precision * values
            curve = np.bincount(who, p * (1.0 - p), members) + precision
            step = slope / curve
            np.add(values, step, out=values)
            moved = max(moved, float(np.abs(step).max(initial=0.0)))
        if moved < 1e-6:  # noqa: PLR2004 (a millionth of a logit changes no list)
            break
    return Readiness(accepts, accepted)


def auc(score: Floats, answered: Answers) -> float:
    """Give the chance that a yes scores above a no, ties half; 0.5 when one kind is missing."""
    yes = np.asarray(answered, np.bool_)
    ones, zeros = int(yes.sum()), int((~yes).sum())
    if ones == 0 or zeros == 0:
        return 0.5
    _, place, times = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(times) - (times - 1) / 2.0)[place]
    return float((rank[yes].sum() - ones * (ones + 1) / 2.0) / (ones * zeros))


def log_loss(probability: Floats, answered: Answers) -> Floats:
    """Give minus the logarithm of the probability given to what happened, for each decision."""
    p = np.clip(np.asarray(probability, np.float64), 1e-9, 1.0 - 1e-9)
    return np.where(np.asarray(answered, np.bool_), -np.log(p), -np.log1p(-p))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0))), np.float64)
