"""What a worker does with the outbox: item by item where one fails, and again when it can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.repositories.backend import outbox
from app.services import embed, steps, topics
from app.workers.relay import Relay
from tests.conftest import Pair
from tests.people import People


def _make_due(people: People) -> None:
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET available_at = now() WHERE state = 'pending'")


def test_a_batch_in_which_one_member_fails_delivers_the_others(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    others = people.crowd(4)
    ill = people.join("Ill", ["poison"], ["help with gardening"])
    others += people.crowd(2, first=4)
    people.relay.look()
    for member in others:
        found = people.list_of(member)
        assert found.state == "ready"
        assert set(people.partners_of(member)) == set(others) - {member}
    assert people.list_of(ill).state == "computing"
    with people.databases.backend() as backend:
        backlog = outbox.backlog(backend)
    assert (backlog.pending, backlog.running, backlog.dead) == (1, 0, 0)
    assert "the word poison" in caplog.text


def test_work_that_fails_again_and_again_is_given_up_and_the_member_is_told(
    people: People,
) -> None:
    people.crowd(2)
    ill = people.join("Ill", ["poison"], ["help with gardening"])
    for _ in range(10):
        _make_due(people)
        people.relay.look()
    found = people.list_of(ill)
    assert found.state == "failed"
    assert "a text holds the word poison" in found.reason
    assert found.introductions == []
    people.say(ill, ["help"], ["help with gardening"])
    people.relay.look()
    assert people.list_of(ill).state == "ready"
    assert len(people.partners_of(ill)) == 2


def test_many_members_at_once_are_embedded_together_and_matched_by_one_run(
    people: People,
) -> None:
    people.crowd(12)
    assert people.relay.look() == 24
    with people.databases.backend() as backend:
        assert backend.execute("SELECT count(*) FROM matching_runs").fetchone() == (1,)


def test_a_crashed_workers_work_is_done_by_the_next_one(people: People) -> None:
    ann, ben = people.crowd(2)
    with people.databases.backend() as backend:
        taken = outbox.claim(backend, [topics.EMBED], limit=10, lease=timedelta(minutes=15))
    assert len(taken) == 2
    assert people.relay.look() == 0, "the lease still runs"
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET leased_until = now() - interval '1 second'")
    people.relay.look()
    assert people.partners_of(ann) == [ben]


@pytest.mark.parametrize("steps_done", [1, 2, 3, 4])
def test_a_worker_killed_after_any_step_leaves_work_that_the_next_one_finishes(
    people: People, monkeypatch: pytest.MonkeyPatch, steps_done: int
) -> None:
    class Killed(BaseException):
        """No worker survives it, so nobody puts the work back."""

    def kill(*_: object) -> None:
        raise Killed

    ann, ben = people.crowd(2)
    cut = [*embed.STEPS[:steps_done], steps.Outside("kill", kill)]
    with monkeypatch.context() as patched:
        patched.setattr(embed, "STEPS", cut)
        with pytest.raises(Killed):
            people.relay.look()
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET leased_until = now() - interval '1 second'")
    people.relay.look()
    assert people.partners_of(ann) == [ben]


def test_while_the_ai_database_is_away_work_waits_and_none_is_given_up(
    pair: Pair, people: People
) -> None:
    ann, ben, *_ = people.crowd(3)
    nowhere = replace_port(pair.settings.database_url, "1")
    away = PostgreSQLAdapter(pair.settings.model_copy(update={"database_url": nowhere}))
    relay = Relay(away, people.embedder)
    for _ in range(12):
        _make_due(people)
        assert relay.look() == 3
    away.close()
    with people.databases.backend() as backend:
        backlog = outbox.backlog(backend)
        row = backend.execute("SELECT max(attempts), min(last_error) FROM outbox").fetchone()
    assert (backlog.pending, backlog.dead) == (3, 0)
    assert row is not None
    assert row[0] == 0
    assert "Cannot reach the ai database" in row[1]
    _make_due(people)
    people.relay.look()
    assert ben in people.partners_of(ann)


def replace_port(address: str, port: str) -> str:
    head, _, tail = address.rpartition(":")
    return f"{head}:{port}/{tail.partition('/')[2]}"


def test_a_worker_that_cannot_reach_the_backend_says_so(pair: Pair, people: People) -> None:
    nowhere = replace_port(pair.settings.backend_database_url, "1")
    away = PostgreSQLAdapter(pair.settings.model_copy(update={"backend_database_url": nowhere}))
    with pytest.raises(DatabaseUnavailableError, match="RECIPROCITY_BACKEND_DB_URL"):
        Relay(away, people.embedder).look()


def test_a_worker_that_is_told_to_stop_takes_no_more_work(people: People) -> None:
    people.crowd(2)
    assert people.relay.look(stop=lambda: True) == 0
    answers = iter([False, True])
    assert people.relay.look(stop=lambda: next(answers)) == 2
    with people.databases.backend() as backend:
        assert outbox.backlog(backend).pending == 2, "the matches are left for the next one"


def test_two_relays_side_by_side_deliver_what_one_would(people: People) -> None:
    members = people.crowd(30)
    second = PostgreSQLAdapter(people.databases.settings)
    relays = [people.relay, Relay(second, replace(people.embedder))]
    threads = [Thread(target=relay.look) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people.relay.look()
    second.close()
    with people.databases.backend() as backend:
        backlog = outbox.backlog(backend)
        failed = backend.execute(
            "SELECT count(*) FROM matching_runs WHERE state = 'failed'"
        ).fetchone()
    assert (backlog.pending, backlog.running, backlog.dead, failed) == (0, 0, 0, (0,))
    assert all(len(people.matched_with(member)) >= 20 for member in members)


def test_no_member_words_ever_reach_the_ai_server(pair: Pair, people: People) -> None:
    people.join("Zsuzsanna", ["unmistakable wordsinneeds"], ["unmistakable wordsinoffers"])
    people.join("Ben", ["unmistakable"], ["unmistakable"])
    people.relay.look()
    log = pair.log(Database.AI)
    assert "COPY embeddings" in log
    for word in ("Zsuzsanna", "zsuzsanna", "wordsinneeds", "wordsinoffers"):
        assert word not in log
