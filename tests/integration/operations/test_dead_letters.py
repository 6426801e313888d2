"""Work that failed too often is kept for a person to look at, mend and rerun."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from app.databases.names import Database
from app.repositories.backend import dead_letters as rows
from app.repositories.backend import outbox
from tests.conftest import Ended, Pair, Reciprocity
from tests.people import People

DeadLetters = Callable[..., Ended]


@pytest.fixture
def dead_letters(reciprocity: Reciprocity, pair: Pair) -> DeadLetters:
    """Run `reciprocity dead-letters ARGUMENTS`."""
    return partial(reciprocity, "dead-letters", environment=pair.environment)


@pytest.fixture
def failed(people: People) -> tuple[UUID, int]:
    """A member on whom the work was given up, and the number of that work."""
    ann = people.join("Ann", ["poison"], ["piano lessons"])
    with people.databases.backend() as backend:
        (event,) = outbox.claim(backend, ["embed"], limit=1, lease=timedelta(hours=1))
        outbox.failed(backend, [event.id], "PoisonError: no model takes it", retry_in=None)
    return ann, event.id


def test_dead_work_is_listed_shown_mended_and_rerun(
    people: People, pair: Pair, failed: tuple[UUID, int], dead_letters: DeadLetters
) -> None:
    member, number = failed
    listed = dead_letters("list")
    assert f"{number}  embed       {member}  PoisonError: no model takes it" in listed.stdout
    shown = dead_letters("show", str(number))
    assert f"reciprocity dead-letters rerun {number}" in shown.stdout
    pair.sql(Database.BACKEND, f"UPDATE statements SET text = 'a tune' WHERE user_id = '{member}';")
    assert dead_letters("rerun", "--all").stdout == "1 due again.\n"
    people.relay.look()
    with people.databases.backend() as backend:
        assert outbox.of_member(backend, member).dead == 0
    assert "a tune" in people.embedder.asked
    assert dead_letters("list").stdout == "No work was given up.\n"


def test_discarded_work_is_not_done_and_keeps_its_last_error(
    pair: Pair, failed: tuple[UUID, int], dead_letters: DeadLetters
) -> None:
    _, number = failed
    assert dead_letters("discard", str(number)).status == 0
    kept = pair.sql(Database.BACKEND, f"SELECT state, last_error FROM outbox WHERE id = {number};")
    assert kept == "done|discarded: PoisonError: no model takes it"


@pytest.mark.parametrize("verb", ["rerun", "discard"])
def test_a_number_that_was_not_given_up_is_an_error_and_nothing_is_changed(
    pair: Pair, failed: tuple[UUID, int], dead_letters: DeadLetters, verb: str
) -> None:
    _, number = failed
    before = pair.contents()
    answer = dead_letters(verb, str(number), "987654")
    assert answer.status == 1
    assert "No work with the number 987654 was given up" in answer.stderr
    assert pair.contents() == before


def test_rerun_wants_numbers_or_all_and_never_guesses(dead_letters: DeadLetters) -> None:
    for arguments in ([], ["1", "--all"]):
        answer = dead_letters("rerun", *arguments)
        assert answer.status == 1
        assert "--all" in answer.stderr


@pytest.mark.usefixtures("failed")
def test_finished_work_is_forgotten_after_a_while_and_no_other(people: People, pair: Pair) -> None:
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    with people.databases.backend() as backend:
        assert rows.forget_finished(backend, older_than=timedelta(days=1)) == 0
        assert rows.forget_finished(backend, older_than=timedelta(0)) == 2
    assert pair.sql(Database.BACKEND, "SELECT state FROM outbox;") == "dead"
