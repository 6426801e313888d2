"""Silence ends an introduction: it runs out, rests, and may be made again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseBusyError
from app.databases.names import Database
from app.domain.decisions import LASTS, LATER, RESTS, Choice
from app.errors import ConflictError
from app.repositories.backend import expiry, outbox
from app.services import decisions, topics
from app.services.introductions import Introduction
from tests.conftest import Pair
from tests.people import People

DAY = timedelta(days=1)


@pytest.fixture
def couple(people: People) -> tuple[UUID, UUID]:
    ann, ben = people.crowd(2)
    people.relay.look()
    return ann, ben


def shown(people: People, user_id: UUID) -> Introduction | None:
    found = people.list_of(user_id).introductions
    return found[0] if found else None


def match_again(people: People) -> None:
    with people.databases.backend() as backend:
        outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    people.relay.look()


def age(pair: Pair, by: timedelta) -> None:
    """Let everything have been introduced so much earlier."""
    pair.sql(
        Database.BACKEND,
        f"UPDATE match_scores SET expires_at = expires_at - interval '{by.days} days';",
    )


def say(people: People, member: UUID, choice: Choice) -> None:
    one = shown(people, member)
    assert one is not None
    with people.databases.backend() as backend:
        decisions.decide(backend, member, one.match_id, choice)


def test_an_introduction_says_when_it_runs_out_and_no_later_run_moves_that_day(
    people: People, pair: Pair, couple: tuple[UUID, UUID]
) -> None:
    first = shown(people, couple[0])
    assert first is not None
    assert first.expires_at is not None
    assert abs(first.expires_at - datetime.now(UTC) - LASTS) < timedelta(minutes=5)
    age(pair, 10 * DAY)
    match_again(people)
    later = shown(people, couple[0])
    assert later is not None
    assert later.expires_at == first.expires_at - 10 * DAY


def test_one_that_ran_out_is_gone_for_both_cannot_be_decided_and_rests_before_it_is_made_again(
    people: People, pair: Pair, couple: tuple[UUID, UUID]
) -> None:
    ann, ben = couple
    before = shown(people, ann)
    assert before is not None
    age(pair, LASTS + DAY)
    assert shown(people, ann) is shown(people, ben) is None
    with people.databases.backend() as backend, pytest.raises(ConflictError, match="run out"):
        decisions.decide(backend, ann, before.match_id, Choice.YES)
    match_again(people)
    assert shown(people, ann) is shown(people, ben) is None
    age(pair, RESTS)
    match_again(people)
    again = shown(people, ben)
    assert again is not None
    assert again.expires_at is not None
    assert again.expires_at > datetime.now(UTC) + LASTS - DAY


def test_what_both_said_yes_to_never_runs_out_and_one_yes_alone_does(
    people: People, pair: Pair, couple: tuple[UUID, UUID]
) -> None:
    ann, ben = couple
    say(people, ann, Choice.YES)
    age(pair, LASTS + DAY)
    assert shown(people, ann) is shown(people, ben) is None
    age(pair, -LASTS)
    say(people, ben, Choice.YES)
    age(pair, LASTS + DAY)
    assert shown(people, ann) is not None
    assert shown(people, ben) is not None


def test_who_wants_to_be_asked_later_has_the_whole_time_then(
    people: People, couple: tuple[UUID, UUID]
) -> None:
    say(people, couple[0], Choice.LATER)
    one = shown(people, couple[1])
    assert one is not None
    assert one.expires_at is not None
    assert abs(one.expires_at - datetime.now(UTC) - LATER - LASTS) < timedelta(minutes=5)


def test_a_newcomers_introductions_run_out_as_well(
    people: People, couple: tuple[UUID, UUID]
) -> None:
    del couple
    cara, dan = people.crowd(2, first=2)
    people.relay.look()
    for member in (cara, dan):
        one = shown(people, member)
        assert one is not None
        assert one.expires_at is not None
    with people.databases.backend() as backend:
        assert not expiry.ran_out(backend, cara, dan)


def test_a_decision_waits_for_a_run_that_writes_everybodys_matches_for_moments_only(
    people: People, pair: Pair, couple: tuple[UUID, UUID]
) -> None:
    one = shown(people, couple[0])
    assert one is not None
    other = PostgreSQLAdapter(pair.settings)
    begun = time.monotonic()
    with other.backend() as run:
        run.execute("UPDATE matches SET updated_at = updated_at")
        with ThreadPoolExecutor(1) as elsewhere:
            said = elsewhere.submit(say, people, couple[0], Choice.YES)
            with pytest.raises(DatabaseBusyError):
                said.result()
    assert time.monotonic() - begun < 10
    other.close()
    say(people, couple[0], Choice.YES)
