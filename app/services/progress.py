"""Tell a member how far the making of their matches is, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import ConflictError
from app.repositories.backend import progress, summaries
from app.services import limits, topics
from app.services.steps import Databases

StageState = Literal["waiting", "working", "done", "trying_again", "failed"]

# What a member is told of an error: words from inside may name servers or other people.
TOLD: Final = {
    "DatabaseUnavailableError": "one of our databases does not answer",
    "EmbeddingError": "the model that reads what you wrote does not answer",
    "EmbeddingUnavailableError": "the model that reads what you wrote does not answer",
}
ELSE: Final = "something went wrong on our side; whoever runs this place can see what"


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold one stage: how far it is, how often it was tried, and why it failed."""

    name: Literal["approved", "reading", "matching"]
    state: StageState
    attempts: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Hold the stages from approval to matches, in order."""

    stages: Sequence[Stage]

    @property
    def finished(self) -> bool:
        """Say whether nothing more will happen by itself."""
        states = {stage.state for stage in self.stages}
        return states <= {"done", "failed"} or self.failed

    @property
    def failed(self) -> bool:
        """Say whether a stage was given up."""
        return any(stage.state == "failed" for stage in self.stages)


def of_member(backend: BackendConnection, user_id: UUID) -> Progress | None:
    """Say how far a member's newest approval is; None when nothing of theirs was approved."""
    newest = summaries.latest(backend, user_id)
    if newest is None or summaries.current(backend, user_id).status != "approved":
        return None
    work = progress.newest(backend, user_id)
    reading, matching = work.get(topics.EMBED), work.get(topics.MATCH_SYNC)
    if reading is None:
        return Progress((Stage("approved", "done"),))
    first = _stage("reading", reading)
    behind = matching is None or matching.id < reading.id
    second = (
        Stage("matching", "waiting") if behind or matching is None else _stage("matching", matching)
    )
    return Progress((Stage("approved", "done"), first, second))


def _stage(name: Literal["reading", "matching"], work: progress.Work) -> Stage:
    if work.state == "done":
        return Stage(name, "done", work.attempts)
    if work.last_error is None:
        return Stage(name, "working" if work.state == "running" else "waiting", work.attempts)
    reason = TOLD.get(work.last_error.partition(":")[0], ELSE)
    return Stage(name, "failed" if work.state == "dead" else "trying_again", work.attempts, reason)


def again(databases: Databases, user_id: UUID) -> None:
    """Have what failed done again at once; raise ConflictError when nothing of it waits."""
    limits.take(databases, limits.RETRIES, str(user_id))
    with databases.backend() as backend:
        if not progress.again(backend, user_id):
            raise ConflictError("Nothing of yours has failed or waits to be tried again.")
