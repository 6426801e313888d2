"""The methods of the architecture document, on the database they must use, with what people type."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.embedded.errors import ProvisioningError
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend import summaries, users
from tests.conftest import Pair
from tests.people import People

NAMES = [
    ("José", "Núñez"),
    ("Sinéad", "O'Brien"),
    ("Ann (Annie)", "van 't Hoff"),
    ('Bobby"); DROP TABLE users;--', "%_\\"),
    ("李", "小龍"),
    ("", ""),
]


def _insert(adapter: PostgreSQLAdapter, email: str, first: str = "", last: str = "") -> UUID | None:
    with adapter.backend() as backend:
        return users.insert(
            backend, email=email, first_name=first, last_name=last, at=datetime.now(UTC)
        )


@pytest.mark.parametrize(("first", "last"), NAMES)
def test_names_are_stored_and_found_as_typed(
    adapter: PostgreSQLAdapter, first: str, last: str
) -> None:
    user_id = _insert(adapter, "Some.One+tag@Example.org", first, last)
    assert user_id is not None
    with adapter.backend() as backend:
        found = users.by_email(backend, " some.one+TAG@example.ORG ")
    assert found.id == user_id
    assert (found.first_name, found.last_name) == (first, last)
    assert found.name == (f"{first} {last}".strip() or "Some.One+tag")


@pytest.mark.parametrize(
    "email",
    ["o'brien@example.org", "josé@exämple.org", "a%b@example.org", "a_b@example.org", "a\\b@x.org"],
)
def test_an_address_is_searched_as_a_value_and_never_as_a_pattern(
    adapter: PostgreSQLAdapter, email: str
) -> None:
    _insert(adapter, "axb@example.org")
    with pytest.raises(NotFoundError), adapter.backend() as backend:
        users.by_email(backend, email)
    user_id = _insert(adapter, email)
    with adapter.backend() as backend:
        assert users.by_email(backend, email.upper()).id == user_id


def test_two_spellings_of_one_address_are_one_account_even_at_the_same_moment(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    spellings = ["Cara@example.org", "cara@example.org", "CARA@EXAMPLE.ORG", "cArA@example.org"]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda email: _insert(adapter, email), spellings))
    assert sum(one is not None for one in made) == 1
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM users") == "1"


def test_get_valid_user_ids_keeps_the_order_and_those_who_may_be_matched(
    people: People, pair: Pair
) -> None:
    ann, ben, eve, kim = people.crowd(4)
    pair.sql(Database.BACKEND, f"UPDATE users SET allow_matching = false WHERE id = '{ben}'")
    pair.sql(Database.BACKEND, f"UPDATE users SET is_active = false WHERE id = '{eve}'")
    asked: list[UUID | str] = [str(kim), eve, str(uuid4()), ben, ann]
    assert people.databases.get_valid_user_ids(asked) == [str(kim), str(ann)]
    assert people.databases.get_valid_user_ids([]) == []
    pair.sql(Database.BACKEND, f"UPDATE users SET deleted_at = now() WHERE id = '{kim}'")
    assert people.databases.get_valid_user_ids(asked) == [str(ann)]
    with pytest.raises(InvalidInputError, match="'x' is not a member's id"):
        people.databases.get_valid_user_ids([ann, "x"])


def test_create_user_summary_writes_the_next_version_into_the_backend_database(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    made = people.databases.create_user_summary(
        str(ann), "I need & offer <b>this</b>", urgency="urgent"
    )
    row = pair.sql(
        Database.BACKEND,
        f"SELECT user_id, status, summary, version, urgency FROM user_summaries WHERE id = '{made}'",
    )
    assert row == f"{ann}|draft|I need & offer <b>this</b>|2|urgent"


def test_a_summary_for_an_unknown_member_is_an_error_and_writes_nothing(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    before, nobody = pair.contents(), uuid4()
    with pytest.raises(
        NotFoundError, match=f"No member has the id {nobody}; no summary was written"
    ):
        adapter.create_user_summary(nobody, "text")
    with pytest.raises(InvalidInputError, match="is not a member's id"):
        adapter.create_user_summary("ann", "text")
    assert pair.contents() == before


@pytest.mark.parametrize(
    "wrong", [{"summary": " \n"}, {"urgency": "soon"}, {"status": "published"}, {"urgency": ""}]
)
def test_a_summary_outside_the_vocabulary_is_refused_and_writes_nothing(
    people: People, pair: Pair, wrong: dict[str, str]
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    before = pair.contents()
    arguments = {"summary": "text"} | wrong
    with pytest.raises(InvalidInputError):
        people.databases.create_user_summary(ann, **arguments)
    assert pair.contents() == before


def test_summaries_written_at_the_same_moment_take_a_version_each(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(lambda n: people.databases.create_user_summary(ann, f"text {n}"), range(8))
        )
    versions = "SELECT array_agg(version ORDER BY version) FROM user_summaries"
    assert pair.sql(Database.BACKEND, versions) == "{1,2,3,4,5,6,7,8,9}"


def test_the_summary_that_counts_is_the_newest_approved_one(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], [])
    people.say(ann, ["a garden"], [])
    people.say(ann, ["a boat"], [], approve=False)
    with people.databases.backend() as backend:
        assert summaries.current(backend, ann).version == 2
        newest = summaries.latest(backend, ann)
    assert newest is not None
    assert (newest.version, newest.status) == (3, "draft")


def test_approving_what_does_not_exist_is_an_error(adapter: PostgreSQLAdapter) -> None:
    with pytest.raises(NotFoundError, match="nothing was approved"), adapter.backend() as backend:
        summaries.approve(backend, uuid4())


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE users SET onboarding_status = 'done'", "users_onboarding_status_enum"),
        ("UPDATE user_summaries SET status = 'published'", "user_summaries_status_enum"),
        ("UPDATE user_summaries SET urgency = 'soon'", "user_summaries_urgency_enum"),
        ("UPDATE matches SET status = 'maybe'", "matches_decision_enum"),
        ("UPDATE statements SET kind = 'wish'", "statements_kind_check"),
        ("UPDATE statements SET text = ' '", "statements_text_check"),
        ("UPDATE outbox SET state = 'lost'", "outbox_state_check"),
        ("UPDATE matches SET user_a_id = user_b_id", "one_row_for_each_unordered_pair"),
        ("UPDATE users SET email = 'HELP@example.org'", "users_email_key"),
    ],
)
def test_the_database_itself_refuses_what_stands_outside_the_vocabulary(
    read_only_pair: Pair, statement: str, constraint: str
) -> None:
    with pytest.raises(ProvisioningError, match=constraint):
        read_only_pair.sql(Database.BACKEND, statement)
