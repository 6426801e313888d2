"""Let operators look at the work of the outbox, and have what failed done again or let it be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import ConflictError, NotFoundError
from app.repositories.backend import operator_work, sight
from app.repositories.backend.operator_work import State, Work
from app.services import dead_letters, operator_actions
from app.services.operator_actions import Action

PAGE: Final = 50
STATES: Final[tuple[State, ...]] = ("dead", "running", "pending")


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one page of the work in one state; `next` is the last number when there is more."""

    state: State
    counts: Mapping[tuple[str, str], int]
    rows: Sequence[Work]
    next: int | None


def listed(backend: BackendConnection, operator_id: UUID, state: str, after: int = 0) -> Page:
    """List the work in one state, dead work where the state is none, the oldest first; note it."""
    chosen = next((known for known in STATES if known == state), STATES[0])
    rows = operator_work.listed(backend, chosen, limit=PAGE + 1, after=after)
    operator_actions.note(backend, operator_id, Action.LISTED_WORK, state=chosen)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return Page(chosen, sight.outbox_by_topic(backend), rows[:PAGE], more)


def one(backend: BackendConnection, operator_id: UUID, number: int) -> Work:
    """Show one piece of work, and note it; raise NotFoundError when there is none."""
    found = _found(backend, number)
    _note(backend, operator_id, Action.SAW_WORK, found)
    return found


def again(backend: BackendConnection, operator_id: UUID, number: int) -> Work:
    """Have given-up work done again as if it were new, or waiting work at once; note it.

    Raises ConflictError for work that runs or is done, and NotFoundError.
    """
    found = _found(backend, number)
    if found.state == "dead":
        dead_letters.rerun(backend, [number])
    elif not operator_work.hurry(backend, number):
        raise ConflictError("This work runs or is done already; there is nothing to do again.")
    _note(backend, operator_id, Action.RERAN_WORK, found)
    return found


def discard(backend: BackendConnection, operator_id: UUID, number: int) -> Work:
    """Let given-up work be, and note it; raise NotFoundError when it was not given up."""
    found = _found(backend, number)
    dead_letters.discard(backend, [number])
    _note(backend, operator_id, Action.DISCARDED_WORK, found)
    return found


def all_again(backend: BackendConnection, operator_id: UUID) -> int:
    """Have all given-up work done again; give how many pieces it is."""
    numbers = dead_letters.rerun(backend, None)
    operator_actions.note(backend, operator_id, Action.RERAN_WORK, pieces=len(numbers))
    return len(numbers)


def _found(backend: BackendConnection, number: int) -> Work:
    found = operator_work.one(backend, number)
    if found is None:
        raise NotFoundError(
            "There is no work with the number {number}; it may be long done.", number=number
        )
    return found


def _note(backend: BackendConnection, operator_id: UUID, action: Action, work: Work) -> None:
    about = [work.user_id] if work.user_id is not None and work.email is not None else []
    operator_actions.note(backend, operator_id, action, about=about, work=work.id, topic=work.topic)
