"""Work that a change causes is kept until it is done, by one worker at a time, in order."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.repositories.backend import outbox
from tests.conftest import Pair

LEASE = timedelta(minutes=5)
OVER = timedelta(seconds=-1)  # a lease that has run out already: its worker crashed


def _add(adapter: PostgreSQLAdapter, *user_ids: UUID, topic: str = "embed") -> None:
    with adapter.backend() as backend:
        outbox.add(backend, topic, user_ids)


def _claim(
    adapter: PostgreSQLAdapter, topic: str = "embed", *, limit: int = 100, lease: timedelta = LEASE
) -> list[outbox.Event]:
    with adapter.backend() as backend:
        return outbox.claim(backend, [topic], limit=limit, lease=lease)


def _backlog(adapter: PostgreSQLAdapter) -> outbox.Backlog:
    with adapter.backend() as backend:
        return outbox.backlog(backend)


def test_work_that_is_claimed_is_given_to_nobody_else_until_its_lease_runs_out(
    adapter: PostgreSQLAdapter,
) -> None:
    _add(adapter, uuid4())
    (first,) = _claim(adapter)
    assert first.attempts == 1
    assert _claim(adapter) == []


def test_a_crashed_workers_lease_runs_out_and_another_does_the_work(
    adapter: PostgreSQLAdapter,
) -> None:
    _add(adapter, uuid4())
    (first,) = _claim(adapter, lease=OVER)
    (again,) = _claim(adapter)
    assert (again.id, again.attempts) == (first.id, 2)


def test_work_that_was_done_never_comes_again(adapter: PostgreSQLAdapter) -> None:
    _add(adapter, uuid4())
    (event,) = _claim(adapter, lease=OVER)
    with adapter.backend() as backend:
        outbox.done(backend, [event.id])
    assert _claim(adapter) == []
    assert _backlog(adapter) == outbox.Backlog(0, 0, 0, 0.0)


def test_two_workers_never_do_one_members_events_at_once(adapter: PostgreSQLAdapter) -> None:
    ann, ben = uuid4(), uuid4()
    _add(adapter, ann, ben)
    _add(adapter, ann)
    first = _claim(adapter)
    assert [event.user_id for event in first] == [ann, ben]
    assert _claim(adapter) == []
    with adapter.backend() as backend:
        outbox.done(backend, [event.id for event in first if event.user_id == ben])
    assert _claim(adapter) == []
    with adapter.backend() as backend:
        outbox.done(backend, [event.id for event in first])
    assert [event.user_id for event in _claim(adapter)] == [ann]


def test_one_members_work_of_another_kind_waits_too(adapter: PostgreSQLAdapter) -> None:
    ann = uuid4()
    _add(adapter, ann, topic="embed")
    _add(adapter, ann, topic="match_sync")
    assert _claim(adapter, "match_sync") == []
    (embed,) = _claim(adapter, "embed")
    assert _claim(adapter, "match_sync") == []
    with adapter.backend() as backend:
        outbox.done(backend, [embed.id])
    assert len(_claim(adapter, "match_sync")) == 1


def test_an_event_that_is_committed_late_is_found_and_waits_for_the_members_running_one(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    ann = uuid4()
    late = adapter.get_backend_connection()
    outbox.add(late, "embed", [ann])
    second = PostgreSQLAdapter(pair.settings)
    _add(second, ann)
    (running,) = _claim(second)
    late.commit()
    late.close()
    assert _claim(second) == [], "a later event of this member is being worked on"
    with second.backend() as backend:
        outbox.done(backend, [running.id])
    (found,) = _claim(second)
    assert found.id < running.id
    second.close()


def test_a_late_event_and_a_crashed_worker_do_not_wait_for_each_other_for_ever(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    ann = uuid4()
    late = adapter.get_backend_connection()
    outbox.add(late, "embed", [ann])
    second = PostgreSQLAdapter(pair.settings)
    _add(second, ann)
    _claim(second, lease=OVER)
    late.commit()
    late.close()
    assert len(_claim(second)) == 1
    second.close()


def test_match_syncs_are_done_by_one_worker_at_a_time(adapter: PostgreSQLAdapter) -> None:
    _add(adapter, uuid4(), topic="match_sync")
    (running,) = _claim(adapter, "match_sync")
    _add(adapter, uuid4(), topic="match_sync")
    with adapter.backend() as backend:
        outbox.add_for_everybody(backend, "match_sync")
    assert _claim(adapter, "match_sync") == []
    with adapter.backend() as backend:
        outbox.done(backend, [running.id])
    assert len(_claim(adapter, "match_sync")) == 2


def test_a_change_that_is_rolled_back_leaves_no_work(adapter: PostgreSQLAdapter) -> None:
    def fails() -> None:
        with adapter.backend() as backend:
            outbox.add(backend, "embed", [uuid4()])
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError, match="the change failed"):
        fails()
    assert _backlog(adapter).pending == 0


def test_the_bell_rings_after_the_commit_that_wrote_work_and_after_no_other(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    rung: list[str] = []
    count = "SELECT count(*) FROM outbox"
    adapter.after_work_written = lambda: rung.append(pair.sql(Database.BACKEND, count))
    _add(adapter, uuid4())
    assert rung == ["1"], "whoever hears the bell sees the work"
    with adapter.backend() as backend:
        outbox.backlog(backend)
    assert len(rung) == 1


def test_failed_work_comes_again_after_its_wait_and_is_dead_at_the_end(
    adapter: PostgreSQLAdapter,
) -> None:
    ann = uuid4()
    _add(adapter, ann)
    (event,) = _claim(adapter)
    with adapter.backend() as backend:
        outbox.failed(backend, [event.id], "no", retry_in=timedelta(minutes=20))
    assert _claim(adapter) == []
    assert _backlog(adapter).pending == 1
    with adapter.backend() as backend:
        backend.execute("UPDATE outbox SET available_at = now() - interval '1 second'")
    (event,) = _claim(adapter)
    with adapter.backend() as backend:
        outbox.failed(backend, [event.id], "still no", retry_in=None)
    assert _claim(adapter) == []
    with adapter.backend() as backend:
        assert outbox.of_member(backend, ann) == outbox.Waiting(0, 1, "still no")


def test_what_failed_for_good_is_forgotten_when_later_work_of_the_same_kind_succeeds(
    adapter: PostgreSQLAdapter,
) -> None:
    ann, ben = uuid4(), uuid4()
    _add(adapter, ann, ben)
    events = _claim(adapter)
    with adapter.backend() as backend:
        outbox.failed(backend, [event.id for event in events], "no", retry_in=None)
    _add(adapter, ann)
    (event,) = _claim(adapter)
    with adapter.backend() as backend:
        outbox.done(backend, [event.id])
        assert outbox.of_member(backend, ann).dead == 0
        assert outbox.of_member(backend, ben).dead == 1


def test_a_worker_that_fails_late_does_not_bring_back_what_another_has_finished(
    adapter: PostgreSQLAdapter,
) -> None:
    _add(adapter, uuid4())
    (slow,) = _claim(adapter, lease=OVER)
    (quick,) = _claim(adapter)
    with adapter.backend() as backend:
        outbox.done(backend, [quick.id])
        outbox.failed(backend, [slow.id], "too late", retry_in=timedelta(0))
        outbox.postpone(backend, [slow.id], "too late", retry_in=timedelta(0))
    assert _backlog(adapter).pending == 0


def test_the_age_of_the_oldest_waiting_work_is_told(adapter: PostgreSQLAdapter) -> None:
    _add(adapter, uuid4())
    with adapter.backend() as backend:
        backend.execute("UPDATE outbox SET created_at = now() - interval '1 minute'")
    _add(adapter, uuid4())
    backlog = _backlog(adapter)
    assert backlog.pending == 2
    assert 60 <= backlog.oldest < 90
