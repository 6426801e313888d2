"""Look after work that was given up: list it, have it done again, or let it be."""

from __future__ import annotations

from collections.abc import Sequence

from app.databases.connections import BackendConnection
from app.errors import NotFoundError
from app.repositories.backend import dead_letters
from app.repositories.backend.dead_letters import DeadLetter


def listed(backend: BackendConnection, *, limit: int = 100) -> list[DeadLetter]:
    """List the work that was given up, the oldest first."""
    return dead_letters.listed(backend, None, limit)


def one(backend: BackendConnection, event_id: int) -> DeadLetter:
    """Show one piece of work that was given up; raise NotFoundError when it is none."""
    found = dead_letters.listed(backend, [event_id], 1)
    if not found:
        raise _none(event_id)
    return found[0]


def rerun(backend: BackendConnection, event_ids: Sequence[int] | None) -> list[int]:
    """Have work done again, all of it without ids, as if it were new; give the ids.

    Raises NotFoundError, having changed nothing, when one of the ids was not given up.
    """
    return _all_of(event_ids, dead_letters.rerun(backend, event_ids))


def discard(backend: BackendConnection, event_ids: Sequence[int]) -> list[int]:
    """Let work be that nobody needs any more; raises NotFoundError as `rerun` does."""
    return _all_of(event_ids, dead_letters.discard(backend, event_ids))


def _all_of(wanted: Sequence[int] | None, changed: list[int]) -> list[int]:
    for event_id in wanted or ():
        if event_id not in changed:
            raise _none(event_id)  # the transaction is rolled back with it
    return changed


def _none(event_id: int) -> NotFoundError:
    return NotFoundError(
        "No work with the number {number} was given up; `reciprocity dead-letters list` names"
        " those that were. Nothing was changed.",
        number=event_id,
    )
