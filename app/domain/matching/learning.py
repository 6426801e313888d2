"""Learn from decisions: refit, test on what was held out, take over only what is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from app.domain.matching.calibration import Answers, Readiness, auc, fit, fit_readiness, log_loss
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.vectors import Indices

_FOLDS = 5
# Fewer than this and no difference can be told from noise.
FEWEST_DECISIONS = 50
# One-sided: a refit that is no better has one chance in forty of being taken.
_SURE = 1.96
WRONG_FIELDS_NOTICED = 3
_PER_WRONG_FIELD = 0.5


@dataclass(frozen=True, slots=True)
class Decisions:
    """Hold decisions of members about what they would gain.

    `cosine` is that of the couple that was shown to them as their reason, `accepted` their
    answer, `member` whose it was: decisions of one member are never split over folds.
    """

    cosine: Floats
    accepted: Answers
    member: Indices


@dataclass(frozen=True, slots=True)
class Lesson:
    """Hold what decisions taught: `calibration` is what to use from now on.

    `better_by` is the fall in log-loss on held-out decisions, with `error` its standard error;
    `taken_over` says whether it was beyond noise. `before` stays known, to go back to.
    """

    calibration: Calibration
    before: Calibration
    taken_over: bool
    better_by: float
    error: float
    auc: float
    decisions: int
    reason: str


def learn(decisions: Decisions, current: Calibration) -> Lesson:
    """Refit the calibration, in the shadow of the current one, on folds of members held out."""
    count = len(decisions.cosine)
    known = auc(current.probability(decisions.cosine), decisions.accepted)
    if count < FEWEST_DECISIONS:
        why = f"{count} decisions are too few to learn from; {FEWEST_DECISIONS} are needed"
        return Lesson(current, current, False, 0.0, 0.0, known, count, why)
    try:
        held_out = _held_out(decisions, current)
        refit = fit(decisions.cosine, decisions.accepted, prior=current)
    except ValueError as refused:
        return Lesson(current, current, False, 0.0, 0.0, known, count, str(refused))
    gain = log_loss(current.probability(decisions.cosine), decisions.accepted)
    gain = gain - log_loss(held_out, decisions.accepted)
    mean, error = _mean_by_member(gain, decisions.member)
    better = bool(mean > _SURE * error and mean > 0.0)
    why = "better beyond noise on decisions held out" if better else "not better beyond noise"
    chosen = refit.calibration if better else current
    return Lesson(chosen, current, better, mean, error, known, count, why)


@dataclass(frozen=True, slots=True)
class ReadinessLesson:
    """Hold how readily members accept and are accepted, `None` where it is not better beyond noise.

    `better_by` is the fall in log-loss on held-out decisions, `error` its standard error.
    """

    readiness: Readiness | None
    better_by: float
    error: float


def learn_readiness(
    decisions: Decisions, partner: Indices, members: int, calibration: Calibration
) -> ReadinessLesson:
    """Fit both priors, tested on every fifth decision in turn; members are indices below `members`.

    `partner` says whom each decision is about. A member's own other decisions teach what they do,
    so here single decisions are held out, not members.
    """
    count = len(decisions.cosine)
    if count < FEWEST_DECISIONS:
        return ReadinessLesson(None, 0.0, 0.0)
    logit = (decisions.cosine - calibration.midpoint) / calibration.scale
    fold = np.random.default_rng(0).permutation(count) % _FOLDS
    gain = np.empty(count)
    for part in range(_FOLDS):
        rest, out = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        found = fit_readiness(
            logit[rest], decisions.member[rest], partner[rest], decisions.accepted[rest], members
        )
        moved = logit[out] + found.accepts[decisions.member[out]] + found.accepted[partner[out]]
        plain = log_loss(_probability(logit[out]), decisions.accepted[out])
        gain[out] = plain - log_loss(_probability(moved), decisions.accepted[out])
    mean, error = _mean_by_member(gain, decisions.member)
    if not (mean > _SURE * error and mean > 0.0):
        return ReadinessLesson(None, mean, error)
    whole = fit_readiness(logit, decisions.member, partner, decisions.accepted, members)
    return ReadinessLesson(whole, mean, error)


def _probability(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0))), np.float64)


def _held_out(decisions: Decisions, current: Calibration) -> Floats:
    # A member's fold depends on nothing but who they are, so a second run tests the same.
    fold = np.unique(decisions.member, return_inverse=True)[1] % _FOLDS
    probability = np.empty(len(fold))
    for part in range(_FOLDS):
        out = fold == part
        if out.all() or not out.any():
            raise ValueError("the decisions are of too few members to hold some out")
        found = fit(decisions.cosine[~out], decisions.accepted[~out], prior=current)
        probability[out] = found.calibration.probability(decisions.cosine[out])
    return probability


def _mean_by_member(gain: Floats, member: Indices) -> tuple[float, float]:
    # One member's decisions resemble one another: the error counts members, not decisions.
    _, who, times = np.unique(member, return_inverse=True, return_counts=True)
    total, mean = np.bincount(who, gain), float(gain.mean())
    spread = total - mean * times
    scale = len(times) / max(len(times) - 1, 1)
    return mean, float(np.sqrt(scale * (spread @ spread))) / len(gain)


def field_penalties(answers: Iterable[tuple[str, bool]]) -> dict[str, float]:
    """Give for one member what each field loses, in units of the logit.

    `answers` are this member's decisions in order: a field of the partner, and whether it was
    refused as the wrong field. Three refusals in a row lower a field by 1.5 and each further one
    by 0.5; accepting somebody of the field forgives it.
    """
    row: dict[str, int] = {}
    for name, wrong in answers:
        row[name] = row.get(name, 0) + 1 if wrong else 0
    return {
        name: _PER_WRONG_FIELD * times
        for name, times in row.items()
        if times >= WRONG_FIELDS_NOTICED
    }


def lowered(gain: float | Floats, penalty: float | Floats) -> Floats:
    """Give a gain whose logit is lowered by a penalty: it stays a probability."""
    p = np.clip(np.asarray(gain, np.float64), 1e-12, 1.0 - 1e-12)
    return np.asarray(1.0 / (1.0 + (1.0 - p) / p * np.exp(np.asarray(penalty, np.float64))))
