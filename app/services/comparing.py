"""Compare two members: the stored pair where there is one, else their statements, now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.explaining import Explanation, Half, explained
from app.domain.matching.reasons import Couple, scored
from app.errors import NotFoundError
from app.repositories.ai import candidates, vector_sets
from app.repositories.backend import matches, pairs_beside, statements, users
from app.repositories.backend.listed import Listed
from app.services import judgement, steps
from app.services.steps import Databases, OnAI, OnBackend, Step


@dataclass(frozen=True, slots=True)
class Compared:
    """Hold what two members gain from each other, as one of them sees it."""

    mine: Half
    theirs: Half
    score: float


@dataclass(slots=True)
class CompareJob:
    """Carry two members through the comparison. `result` stays None where nothing fits both ways."""

    user_id: UUID
    other_id: UUID
    result: Compared | None = None
    name: str = ""
    model: str = ""
    couples: tuple[Sequence[Couple], Sequence[Couple]] = ((), ())


def compare(databases: Databases, user_id: UUID, other_id: UUID) -> CompareJob:
    """Compare two members; raise NotFoundError when one of them does not exist."""
    return steps.run(databases, STEPS, CompareJob(user_id, other_id))


def explanation(databases: Databases, user_id: UUID, other_id: UUID) -> Explanation:
    """Explain to one member what the other is to them; raise NotFoundError where nothing fits."""
    job = compare(databases, user_id, other_id)
    if job.result is None:
        raise NotFoundError(
            "Nothing that {member} and {other} wrote fits in both directions, or one of them has"
            " no approved summary; there is nothing to explain.",
            member=user_id,
            other=other_id,
        )
    return explained(job.name, job.result.mine, job.result.theirs, job.result.score)


def halves(one: Listed) -> tuple[Half, Half]:
    """Give what this member gains, and what the partner does."""
    return (
        Half(one.my_need, one.their_offer, one.my_gain),
        Half(one.their_need, one.my_offer, one.their_gain),
    )


def _stored(backend: BackendConnection, job: CompareJob) -> None:
    users.by_id(backend, job.user_id)
    job.name = users.by_id(backend, job.other_id).name
    for one in _pair(backend, job.user_id, job.other_id):
        job.result = Compared(*halves(one), one.score)


def _pair(backend: BackendConnection, user_id: UUID, other_id: UUID) -> Sequence[Listed]:
    """Give the stored pair of two members, if there is one, whether it is shown to them or not."""
    if backend.beside_nestjs:
        return pairs_beside.of_member(backend, user_id, limit=1, among=[other_id], declined=True)
    return matches.of_member(backend, user_id, limit=1, among=[other_id])


def _compare(ai: AIConnection, job: CompareJob) -> None:
    serving = vector_sets.current(ai)
    if serving is not None:
        job.model = serving.embedder
        job.couples = candidates.best_couples(ai, serving.name, job.user_id, [job.other_id])


def _not_stored(job: CompareJob) -> bool:
    return job.result is None


def _word(backend: BackendConnection, job: CompareJob) -> None:
    calibration, _auc = judgement.calibration(backend, job.model)
    found = scored(*job.couples, calibration)
    if not found:
        return
    ((_partner, score, mine, theirs),) = found
    said = statements.texts(backend, [mine.need_id, mine.offer_id, theirs.need_id, theirs.offer_id])
    try:
        job.result = Compared(
            Half(said[mine.need_id], said[mine.offer_id], mine.gain),
            Half(said[theirs.need_id], said[theirs.offer_id], theirs.gain),
            score,
        )
    except KeyError:  # a summary changed since its vectors were made; they are being made anew
        job.result = None


STEPS: Sequence[Step[CompareJob]] = (
    OnBackend("look for the pair", _stored),
    OnAI("compare statements", _compare, _not_stored),
    OnBackend("word the reasons", _word, _not_stored),
)
