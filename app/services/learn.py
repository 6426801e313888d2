"""Learn from members' decisions: refit, test in the shadow, take over what is better beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import numpy as np

from app.databases.connections import BackendConnection
from app.domain.decisions import SILENT
from app.domain.matching.calibration import auc, fit
from app.domain.matching.learning import (
    Decisions,
    Lesson,
    ReadinessLesson,
    learn,
    learn_readiness,
)
from app.domain.matching.scores import Calibration
from app.errors import NotFoundError
from app.repositories.backend import calibrations, taught
from app.repositories.backend.calibrations import Learned
from app.repositories.backend.taught import Decision
from app.services import judgement


def from_decisions(backend: BackendConnection, model: str, *, dry_run: bool = False) -> Learned:
    """Learn from every decision about matches of one model; `dry_run` writes nothing down.

    What is not better beyond noise on decisions held out changes nothing but the history.
    """
    current, _ = judgement.calibration(backend, model)
    made = taught.decisions(backend, model, SILENT)
    members = sorted({one.user_id for one in made} | {one.partner_id for one in made})
    decisions, partner = _arrays(made, members)
    lesson = learn(decisions, current)
    ready = learn_readiness(decisions, partner, len(members), lesson.calibration)
    learned = _learned(model, lesson, ready)
    if not dry_run:
        calibrations.add(backend, learned)
        _write_readiness(backend, members, ready, learned.made_at)
    return learned


def _arrays(
    made: Sequence[Decision], members: Sequence[UUID]
) -> tuple[Decisions, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    at = {member: index for index, member in enumerate(members)}
    decisions = Decisions(
        np.array([one.similarity for one in made], np.float64),
        np.array([one.accepted for one in made], np.bool_),
        np.array([at[one.user_id] for one in made], np.int64),
    )
    return decisions, np.array([at[one.partner_id] for one in made], np.int64)


def _learned(model: str, lesson: Lesson, ready: ReadinessLesson) -> Learned:
    return Learned(
        id=uuid4(),
        model=model,
        midpoint=lesson.calibration.midpoint,
        scale=lesson.calibration.scale,
        auc=lesson.auc,
        better_by=lesson.better_by,
        error=lesson.error,
        decisions=lesson.decisions,
        taken_over=lesson.taken_over,
        readiness_better_by=ready.better_by,
        readiness_error=ready.error,
        readiness_taken_over=ready.readiness is not None,
        reason=lesson.reason,
        made_at=datetime.now(UTC),
    )


def _write_readiness(
    backend: BackendConnection, members: Sequence[UUID], ready: ReadinessLesson, at: datetime
) -> None:
    if ready.readiness is None:
        calibrations.replace_readiness(backend, [], at)
        return
    columns = (ready.readiness.accepts.tolist(), ready.readiness.accepted.tolist())
    calibrations.replace_readiness(backend, list(zip(members, *columns, strict=True)), at)


def from_answers(
    backend: BackendConnection,
    model: str,
    cosine: Sequence[float],
    answered: Sequence[bool],
) -> Learned:
    """Fit a model's calibration to needs and offers of which it is known whether they answer.

    For a model that nobody has used yet. Raises ValueError where nothing can be fitted.
    """
    x, y = np.array(cosine, np.float64), np.array(answered, np.bool_)
    found = fit(x, y)
    learned = Learned(
        id=uuid4(),
        model=model,
        midpoint=found.calibration.midpoint,
        scale=found.calibration.scale,
        auc=auc(found.calibration.probability(x), y),
        better_by=0.0,
        error=0.0,
        decisions=len(x),
        taken_over=True,
        readiness_better_by=0.0,
        readiness_error=0.0,
        readiness_taken_over=False,
        reason="fitted to a file of answers",
        made_at=datetime.now(UTC),
    )
    calibrations.add(backend, learned)
    return learned


def take_back(backend: BackendConnection, model: str) -> Calibration:
    """Take back what was learned last, and everybody's readiness; give what serves from now on."""
    learned = calibrations.in_use(backend, model)
    ready = calibrations.readiness(backend)
    if learned is None and not ready:
        raise NotFoundError(
            f"Nothing learned is in use for {model}: the shipped calibration serves."
        )
    at = datetime.now(UTC)
    if learned is not None:
        calibrations.take_back(backend, learned.id, at)
    calibrations.replace_readiness(backend, [], at)
    return judgement.calibration(backend, model)[0]
