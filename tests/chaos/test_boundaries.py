"""A worker dies after each step of its work in turn; afterwards all is done, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from app.repositories.backend import outbox
from app.services import erasure, reconcile, steps
from tests.people import People

STEPS_IN_ALL = 14  # more than one look takes, so that the last round dies nowhere


class DeadError(BaseException):
    """Stand for the end of a process, which nothing can catch."""


class Dying:
    """Run steps, and die after so many of them, before or after the last one's commit."""

    def __init__(self, after: int, *, committed: bool) -> None:
        self.left = after
        self.committed = committed
        self.real = steps.run

    def run(
        self, databases: steps.Databases, chosen: Sequence[Any], job: Any, timings: Any = None
    ) -> Any:
        for step in chosen:
            self.left -= 1
            if self.left == 0 and not self.committed:
                raise DeadError
            self.real(databases, [step], job, timings)
            if self.left == 0:
                raise DeadError
        return job


def _let_leases_run_out(people: People) -> None:
    with people.databases.backend() as backend:
        backend.execute(
            "UPDATE outbox SET leased_until = now() - interval '1s' WHERE state = 'running'"
        )


def _pairs(people: People) -> list[tuple[UUID, UUID]]:
    with people.databases.backend() as backend:
        rows = backend.execute(
            "SELECT user_a_id, user_b_id FROM matches m JOIN match_scores USING (user_a_id, user_b_id)"
            " ORDER BY user_a_id, user_b_id"
        ).fetchall()
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize("committed", [False, True], ids=["before its commit", "after its commit"])
def test_a_worker_that_dies_at_any_step_leaves_work_that_the_next_one_finishes_once(
    people: People, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    members = people.crowd(3)
    people.relay.look()
    deaths = 0
    for after in range(1, STEPS_IN_ALL):
        gone = members.pop(0)
        with people.databases.backend() as backend:
            erasure.erase(backend, gone)
        members += people.crowd(1, first=after + 2)
        people.say(members[0], [f"help with gardening {after}"], ["help with gardening"])
        monkeypatch.setattr(steps, "run", Dying(after, committed=committed).run)
        try:
            people.relay.look()
        except DeadError:
            deaths += 1
        monkeypatch.undo()
        _let_leases_run_out(people)
        people.relay.look()
        with people.databases.backend() as backend:
            backlog = outbox.backlog(backend)
        assert (backlog.pending, backlog.running, backlog.dead) == (0, 0, 0)
        assert reconcile.compare(people.databases).equal
        assert len(_pairs(people)) == 3
        assert {m for pair in _pairs(people) for m in pair} == set(members)
    assert deaths >= 10
