"""A task is a list of steps: one after another, each told apart by its database, none swallowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.services import embed, match_sync
from app.services.steps import OnAI, OnBackend, Outside, Timings, run


@dataclass
class Recorded:
    """Note which transactions were opened and how they ended."""

    events: list[str] = field(default_factory=list)

    @contextmanager
    def _transaction(self, name: str) -> Iterator[Any]:
        self.events.append(f"begin {name}")
        try:
            yield name
        except BaseException:
            self.events.append(f"roll back {name}")
            raise
        self.events.append(f"commit {name}")

    def ai(self) -> Any:
        return self._transaction("ai")

    def backend(self) -> Any:
        return self._transaction("backend")


def test_steps_follow_one_another_and_never_overlap() -> None:
    databases, seen = Recorded(), []
    timings = Timings()
    run(
        databases,
        [
            OnBackend("read", lambda connection, _job: seen.append(str(connection))),
            Outside("think", lambda _job: seen.append("outside")),
            OnAI("store", lambda connection, _job: seen.append(str(connection))),
        ],
        None,
        timings,
    )
    assert seen == ["backend", "outside", "ai"]
    assert databases.events == ["begin backend", "commit backend", "begin ai", "commit ai"]
    assert list(timings.seconds) == ["read", "think", "store"]


def test_an_error_stops_the_steps_and_is_raised_and_what_was_committed_stays() -> None:
    databases, seen = Recorded(), []

    def fail(_connection: object, _job: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run(
            databases,
            [
                OnBackend("read", lambda _connection, _job: None),
                OnAI("store", fail),
                OnBackend("cause", lambda _connection, _job: seen.append("never")),
            ],
            None,
        )
    assert seen == []
    assert databases.events == ["begin backend", "commit backend", "begin ai", "roll back ai"]


def test_a_step_that_joins_goes_on_in_the_transaction_that_is_open() -> None:
    databases, seen = Recorded(), []
    timings = Timings()
    run(
        databases,
        [
            OnBackend("read", lambda connection, _job: seen.append(str(connection))),
            OnAI("ask", lambda connection, _job: seen.append(str(connection)), lambda _job: False),
            OnBackend("write", lambda _connection, _job: seen.append("joined"), joins=("read",)),
        ],
        None,
        timings,
    )
    assert seen == ["backend", "joined"]
    assert databases.events == ["begin backend", "commit backend"]
    assert list(timings.seconds) == ["read", "write"]


def test_a_step_that_would_join_has_a_transaction_of_its_own_where_another_step_came_between() -> (
    None
):
    databases = Recorded()
    run(
        databases,
        [
            OnBackend("read", lambda _connection, _job: None),
            OnAI("ask", lambda _connection, _job: None),
            OnBackend("write", lambda _connection, _job: None, joins=("read",)),
        ],
        None,
    )
    one_each = [
        f"{how} {name}" for name in ("backend", "ai", "backend") for how in ("begin", "commit")
    ]
    assert databases.events == one_each


def test_a_step_joins_those_it_names_and_no_other() -> None:
    databases = Recorded()
    run(
        databases,
        [
            OnBackend("open", lambda _connection, _job: None),
            OnBackend("write", lambda _connection, _job: None, joins=("read",)),
        ],
        None,
    )
    assert databases.events == ["begin backend", "commit backend"] * 2


def test_what_joins_and_fails_takes_the_step_before_it_along() -> None:
    databases = Recorded()

    def fail(_connection: object, _job: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run(
            databases,
            [
                OnBackend("read", lambda _connection, _job: None),
                OnBackend("write", fail, joins=("read",)),
            ],
            None,
        )
    assert databases.events == ["begin backend", "roll back backend"]


def test_times_of_a_step_that_runs_again_add_up() -> None:
    timings = Timings()
    timings.add("store", 1.0)
    timings.add("store", 0.5)
    assert timings.seconds == {"store": 1.5}


@pytest.mark.parametrize("steps", [embed.STEPS, match_sync.STEPS])
def test_work_is_marked_done_by_its_last_step_on_the_backend_and_never_before(
    steps: list[Any],
) -> None:
    assert isinstance(steps[0], OnBackend)
    assert isinstance(steps[-1], OnBackend)
    assert len({step.name for step in steps}) == len(steps)
