"""Every list says what it is: ready, computing, incomplete and why, or failed and why."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.errors import NotFoundError
from tests.conftest import Pair
from tests.people import People


def test_a_list_is_computing_until_its_work_is_done_and_ready_afterwards(people: People) -> None:
    ann, _ben = people.crowd(2)
    assert people.list_of(ann).state == "computing"
    people.relay.look()
    found = people.list_of(ann)
    assert (found.state, found.method) == ("ready", "exact")


def test_a_list_that_is_short_says_why(people: People) -> None:
    ann, ben, *_ = people.crowd(4)
    people.relay.look()
    assert people.list_of(ann).reason == (
        "this list is short: rules, decisions and what others are shown leave 3"
    )
    people.match()
    everybody = "this list is short: it holds everybody else who may be matched"
    assert people.list_of(ann).reason == everybody
    people.decide(ben, ann, "declined")
    assert people.list_of(ann).reason == (
        "this list is short: rules, decisions and what others are shown leave 2 of 3 others who"
        " could be matched in the last round"
    )


def test_a_list_as_long_as_its_member_wants_it_is_not_called_short(
    people: People, pair: Pair
) -> None:
    ann, *_ = people.crowd(16)
    people.relay.look()
    people.match()
    assert people.list_of(ann).reason == ""
    pair.sql(
        Database.BACKEND,
        "INSERT INTO member_rules (user_id, places, languages, fields_wanted, fields_unwanted,"
        " people_unwanted, budget, updated_at)"
        f" VALUES ('{ann}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 3, now())",
    )
    people.match()
    found = people.list_of(ann)
    assert len(found.introductions) >= 3
    assert found.reason == ""


def test_a_list_that_is_made_anew_still_shows_what_there_was(people: People) -> None:
    ann, ben = people.crowd(2)
    people.relay.look()
    people.say(ann, ["a garden"], ["gardening"])
    found = people.list_of(ann)
    assert found.state == "computing"
    assert [one.partner_id for one in found.introductions] == [ben]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE users SET onboarding_status = 'in_progress'", "onboarding is not completed"),
        ("UPDATE users SET allow_matching = false", "paused"),
        ("UPDATE users SET is_active = false", "paused"),
        ("UPDATE user_summaries SET status = 'draft'", "not approved"),
        ("DELETE FROM statements WHERE kind = 'need'", "no need"),
        ("DELETE FROM statements WHERE kind = 'offer'", "no offer"),
    ],
)
def test_an_empty_list_says_why_it_is_empty(
    people: People, pair: Pair, change: str, reason: str
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    pair.sql(Database.BACKEND, change)
    people.relay.look()
    found = people.list_of(ann)
    assert found.introductions == []
    assert found.state == "incomplete"
    assert reason in found.reason


def test_somebody_alone_is_told_that_there_is_nobody_yet(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.relay.look()
    found = people.list_of(ann)
    assert found.state == "incomplete"
    assert "nobody" in found.reason


def test_a_list_that_is_empty_because_the_last_run_failed_says_failed(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ben = people.crowd(2)

    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no room for the tiles")

    with monkeypatch.context() as patched:
        patched.setattr("app.services.everybody.pairs", broken)
        patched.setattr("app.services.search.scored", broken)
        people.relay.look()
    people.databases.backend()
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET state = 'done'")
    found = people.list_of(ann)
    assert found.introductions == []
    assert found.state == "failed"
    assert "no room for the tiles" in found.reason


def test_the_list_of_somebody_unknown_is_an_error(people: People) -> None:
    with pytest.raises(NotFoundError):
        people.list_of(uuid4())


def test_a_list_that_cannot_be_read_is_an_error_and_never_an_empty_list(
    people: People, pair: Pair
) -> None:
    ann, _ben = people.crowd(2)
    people.relay.look()
    pair.sql(Database.BACKEND, "DROP TABLE match_reasons")
    with pytest.raises(Exception, match="match_reasons"):
        people.list_of(ann)


def test_a_search_in_an_ai_database_that_is_away_fails_and_leaves_the_matches(
    people: People, pair: Pair
) -> None:
    ann, ben = people.crowd(2)
    people.relay.look()
    nowhere = "postgresql://reciprocity_user:reciprocity_pass@127.0.0.1:1/reciprocity_ai"
    away = type(people.databases)(pair.settings.model_copy(update={"database_url": nowhere}))
    with pytest.raises(DatabaseUnavailableError, match="the ai database"):
        People(away, people.embedder).match()
    away.close()
    assert people.partners_of(ann) == [ben]


def test_somebody_who_is_erased_from_the_list_of_users_is_shown_to_nobody(
    people: People, pair: Pair
) -> None:
    ann, ben, eve = people.crowd(3)
    people.relay.look()
    pair.sql(Database.BACKEND, f"UPDATE users SET is_active = false WHERE id = '{ben}'")
    assert people.partners_of(ann) == [eve]
    pair.sql(Database.BACKEND, f"UPDATE users SET deleted_at = now() WHERE id = '{eve}'")
    assert people.partners_of(ann) == []
