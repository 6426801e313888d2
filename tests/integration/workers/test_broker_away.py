"""The broker only wakes the worker: without it nothing is lost, and nobody who writes is stopped."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from uuid import UUID

import pytest
from celery.schedules import crontab

from app.adapters.broker import CeleryBell, NoBell
from app.workers.celery_app import LOOK, QUEUE, SWEEP_EVERY, celery_app
from tests.people import People


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_change_is_committed_and_its_work_kept_while_the_broker_is_away(
    people: People, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    bell = CeleryBell(f"redis://:verysecret@127.0.0.1:{closed_port}/0")
    people.databases.after_work_written = bell.ring
    begun = time.monotonic()
    ann, ben = people.crowd(2)
    assert time.monotonic() - begun < 5
    assert "the work waits in the outbox for the sweep" in caplog.text
    assert "verysecret" not in caplog.text
    people.databases.after_work_written = None
    people.relay.look()
    assert people.partners_of(ann) == [ben]


def test_a_broker_that_takes_the_call_and_never_answers_holds_up_one_write_and_no_more(
    people: People,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bell = CeleryBell(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        people.databases.after_work_written = bell.ring
        begun = time.monotonic()
        people.crowd(6)
        assert time.monotonic() - begun < 8


def test_the_sweep_looks_at_the_outbox_by_the_clock_whether_or_not_anybody_rang() -> None:
    schedule = celery_app("memory://").conf.beat_schedule
    assert schedule["sweep"]["task"] == LOOK
    assert timedelta(seconds=schedule["sweep"]["schedule"]) == timedelta(seconds=SWEEP_EVERY)
    assert schedule["nightly match sync"]["schedule"] == crontab(hour=3, minute=0)


def test_the_bell_carries_no_work_and_rings_the_queue_that_the_worker_listens_to() -> None:
    app = celery_app("memory://")
    bell = CeleryBell("memory://")
    bell._app = app
    bell.ring()
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(QUEUE).get(timeout=2)
        assert message.headers["task"] == LOOK
        arguments, keywords, _ = message.payload
        assert (arguments, keywords) == ([], {})
        message.ack()


def test_jobs_are_durable_and_no_task_runs_inside_the_process_that_asked_for_it() -> None:
    conf = celery_app("memory://").conf
    assert conf.task_always_eager is False
    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True


def test_where_no_broker_is_configured_nothing_rings_and_nothing_fails(people: People) -> None:
    people.databases.after_work_written = NoBell().ring
    member: UUID = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.relay.look()
    assert people.list_of(member).state == "incomplete"
