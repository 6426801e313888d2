"""Claimed work is held while it takes, taken over when its worker dies, and given up when it kills."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from app.repositories.backend import outbox
from app.workers import relay as relays
from app.workers.lease import Leases
from tests.people import Floats, People, WordEmbedder

SHORT = timedelta(seconds=0.4)


def _claim(people: People, lease: timedelta = SHORT) -> list[outbox.Event]:
    with people.databases.backend() as backend:
        return outbox.claim(backend, ["embed"], limit=100, lease=lease)


def test_work_that_takes_longer_than_its_lease_stays_with_its_worker(people: People) -> None:
    people.crowd(2)
    events = _claim(people)
    with Leases(people.databases, lease=SHORT).held([event.id for event in events]):
        time.sleep(1.0)
        assert _claim(people) == []
    time.sleep(0.5)
    assert len(_claim(people)) == 2


def test_a_worker_that_hangs_loses_its_work_in_the_end(people: People) -> None:
    people.crowd(1)
    events = _claim(people)
    leases = Leases(people.databases, lease=SHORT, longest=timedelta(0))
    with leases.held([event.id for event in events]):
        time.sleep(0.6)
        assert len(_claim(people)) == 1


class KilledError(BaseException):
    """Stand for the end of a process, which nothing can catch."""


@dataclass(frozen=True)
class Killing(WordEmbedder):
    """Take the worker down at one word, as a text does that needs too much memory."""

    alone: list[int] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Floats:
        if any("killer" in text for text in texts):
            raise KilledError
        return WordEmbedder.embed(self, texts)


def test_work_that_kills_its_worker_is_given_up_and_takes_no_other_work_with_it(
    people: People,
) -> None:
    before = people.crowd(3)
    killer = people.join("Killer", ["killer"], ["piano lessons"])
    after = people.crowd(3, first=3)
    embedder = Killing()
    for _ in range(40):
        try:
            relays.Relay(people.databases, embedder).look()
        except KilledError:
            with people.databases.backend() as backend:  # as if the lease had run out
                backend.execute(
                    "UPDATE outbox SET leased_until = now() - interval '1s' WHERE state = 'running'"
                )
        else:
            break
    else:
        pytest.fail("the worker is killed again and again")
    found = people.list_of(killer)
    assert found.state == "failed"
    assert "did not come to an end" in found.reason
    for member in before + after:
        assert set(people.partners_of(member)) == {*before, *after} - {member}


def test_work_that_outlived_several_workers_is_still_done_many_at_a_time(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    people.crowd(40)
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET attempts = 3")
    with caplog.at_level(logging.INFO, logger="app.workers.relay"):
        people.relay.look()
    sizes = [r.args for r in caplog.records if "begins" in str(r.msg)]
    assert sizes == [("embed", 31), ("embed", 9), ("match_sync", 40)]


def test_two_workers_at_once_do_each_piece_of_work_once(people: People) -> None:
    members: list[UUID] = people.crowd(12)
    workers = [threading.Thread(target=people.relay.look) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    people.relay.look()
    assert len(people.embedder.asked) == 2 * len(members)
    with people.databases.backend() as backend:
        backlog = outbox.backlog(backend)
    assert (backlog.pending, backlog.running, backlog.dead) == (0, 0, 0)


def test_one_thread_holds_all_of_a_workers_work_and_ends_when_there_is_none(
    people: People,
) -> None:
    others = set(threading.enumerate())

    def renewing() -> int:
        return sum(thread.name == "lease" for thread in set(threading.enumerate()) - others)

    leases = Leases(people.databases, lease=SHORT)
    people.crowd(2)
    first, second = _claim(people)
    with leases.held([first.id]), leases.held([second.id]):
        assert renewing() == 1
    with leases.held([first.id]):
        assert renewing() == 1, "the same one goes on"
    time.sleep(SHORT.total_seconds())
    assert renewing() == 0


def test_work_is_held_again_after_a_thread_could_not_be_begun_once(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(people.databases, lease=SHORT)
    people.crowd(1)
    events = [event.id for event in _claim(people)]

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"), leases.held(events):
            pass
    with leases.held(events):
        time.sleep(1.0)
        assert _claim(people) == []
