"""Measure matches: scores, who is shown how often, and how members answered.

Measuring reads every list, so the worker does it every hour and pages show what it kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import numpy as np
from pydantic import TypeAdapter

from app.databases.connections import BackendConnection
from app.domain.matching.exposure import gini
from app.domain.matching.scores import Floats
from app.repositories.backend import calibrations, operator_quality, rounds
from app.repositories.backend.calibrations import Learned
from app.repositories.backend.operator_quality import Answers, Kept
from app.repositories.backend.rounds import Made
from app.services import operator_actions
from app.services.operator_actions import Action
from app.services.steps import Databases

SCORE_BANDS: Final = 20
GAIN_BANDS: Final = 10
_POINTS: Final = 100  # of the Lorenz curve
_SHOWN: Final = 5  # rounds, and askings of the decisions


@dataclass(frozen=True, slots=True)
class Exposure:
    """Say how lists share attention out among everybody who may be matched.

    `lorenz` holds points (share of members from the least shown on, share of all places in lists),
    from (0, 0) to (1, 1); `gini` is 0 where all are alike and 1 where one has all.
    """

    members: int
    places: int
    gini: float
    never_shown: float
    most_shown: int
    lorenz: Sequence[tuple[float, float]]
    shown: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what measuring found; `lengths` counts members by the length of their list."""

    scores: Sequence[int]
    pairs: int
    exposure: Exposure
    lengths: Sequence[tuple[int, int]]
    answers: Sequence[Answers]
    decisions: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Hold everything that the plots show: what was measured when, and what stands beside it.

    `rounds` and `learned` hold the newest of each first: what sharing out did beside plain lists, and
    what decisions made of the calibration.
    """

    figures: Figures
    measured_at: datetime
    seconds: float
    rounds: Sequence[Made]
    learned: Sequence[Learned]


_FIGURES: Final = TypeAdapter(Figures)


def look(backend: BackendConnection, model: str) -> Quality:
    """Give what was measured last, and at once what is cheap to read; the first look measures."""
    kept = operator_quality.kept(backend) or _measured(backend)
    return Quality(
        figures=_FIGURES.validate_python(kept.figures),
        measured_at=kept.measured_at,
        seconds=kept.seconds,
        rounds=rounds.last(backend, _SHOWN),
        learned=calibrations.history(backend, model, _SHOWN),
    )


def measure_anew(backend: BackendConnection, operator_id: UUID) -> None:
    """Measure because an operator wants it, and note that."""
    _measured(backend)
    operator_actions.note(backend, operator_id, Action.MEASURED)


def keep(databases: Databases) -> None:
    """Measure what stands now, for whoever looks later."""
    with databases.backend() as backend:
        _measured(backend)


def _measured(backend: BackendConnection) -> Kept:
    begun = time.monotonic()
    figures = _FIGURES.dump_python(measure(backend), mode="json")
    kept = Kept(figures, time.monotonic() - begun, datetime.now(UTC))
    operator_quality.keep(backend, kept)
    return kept


def measure(backend: BackendConnection) -> Figures:
    """Measure the matches that stand now."""
    scores = operator_quality.scores(backend, SCORE_BANDS)
    lists = operator_quality.lists(backend)
    answers = operator_quality.answers(backend, GAIN_BANDS)
    shown: Counter[int] = Counter()
    lengths: Counter[int] = Counter()
    for one in lists:
        shown[one.shown] += one.members
        lengths[one.length] += one.members
    return Figures(
        scores=scores,
        pairs=sum(scores),
        exposure=exposure(shown),
        lengths=sorted(lengths.items()),
        answers=answers,
        decisions=sum(one.decided for one in answers),
    )


def exposure(shown: Counter[int]) -> Exposure:
    """Measure exposure from how many members stand in how many lists."""
    counts = np.repeat(np.array(list(shown), np.float64), np.array(list(shown.values()), np.int64))
    counts.sort()
    total = float(counts.sum())
    return Exposure(
        members=len(counts),
        places=int(total),
        gini=gini(counts),
        never_shown=float(np.mean(counts == 0.0)) if len(counts) else 0.0,
        most_shown=int(counts.max(initial=0.0)),
        lorenz=_lorenz(np.cumsum(counts), total),
        shown=sorted(shown.items()),
    )


def _lorenz(cumulated: Floats, total: float) -> list[tuple[float, float]]:
    members = len(cumulated)
    if not members or not total:
        return []
    at = np.unique(np.linspace(1, members, min(members, _POINTS)).round().astype(np.int64))
    return [(0.0, 0.0)] + [(k / members, float(cumulated[k - 1]) / total) for k in at.tolist()]
