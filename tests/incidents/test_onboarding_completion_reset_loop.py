"""2026-02-17: the update of `users` went to the AI database; onboarding looked finished and began again."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import WrongDatabaseError
from app.databases.names import Database
from app.errors import InvalidInputError, NotFoundError
from tests.conftest import Pair
from tests.people import People

WRONG = "UPDATE users SET onboarding_status = 'completed'"


def _status(pair: Pair, user_id: UUID) -> str:
    query = f"SELECT onboarding_status FROM users WHERE id = '{user_id}'"
    return pair.sql(Database.BACKEND, query)


def test_an_update_of_users_on_the_ai_connection_is_refused_before_it_reaches_a_server(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    connection = adapter.get_connection()
    before = {database: len(pair.log(database)) for database in Database}
    with pytest.raises(WrongDatabaseError, match=r"Use get_backend_connection\(\)") as refused:
        connection.execute(f"{WRONG} /* never sent */")
    connection.execute("SELECT 1 /* sent after the refusal */")
    connection.close()
    assert "backend database (reciprocity_db)" in str(refused.value)
    written = pair.log(Database.AI)[before[Database.AI] :]
    assert "sent after the refusal" in written
    for database in Database:
        assert "never sent" not in pair.log(database)[before[database] :]


def test_a_refused_update_leaves_the_connection_usable_and_the_member_as_they_were(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    before = pair.contents()
    with people.databases.ai() as ai:
        with pytest.raises(WrongDatabaseError):
            ai.execute(WRONG)
        assert ai.execute("SELECT 1").fetchone() == (1,)
    assert pair.contents() == before
    assert _status(pair, ann) == "completed"


def test_update_user_onboarding_status_works_on_the_backend_database(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    ben = people.join("Ben", ["tax advice"], [], approve=False)
    for status in ("in_progress", "not_started", "completed", "in_progress"):
        people.databases.update_user_onboarding_status(str(ann), status)
        assert _status(pair, ann) == status
    assert _status(pair, ben) == "completed"


def test_a_member_whose_onboarding_completed_stays_completed_for_every_later_connection(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    people.databases.update_user_onboarding_status(ann, "completed")
    people.databases.close()
    fresh = PostgreSQLAdapter(pair.settings)
    assert fresh.get_valid_user_ids([ann]) == [str(ann)]
    assert _status(pair, ann) == "completed"
    fresh.close()


def test_an_update_that_touches_no_row_is_an_error_and_never_a_success(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    before = pair.contents()
    nobody = uuid4()
    with pytest.raises(NotFoundError, match=f"No member has the id {nobody}"):
        adapter.update_user_onboarding_status(nobody, "completed")
    assert pair.contents() == before


def test_an_unknown_status_or_an_id_that_is_none_is_refused_and_nothing_changes(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], [], approve=False)
    before = pair.contents()
    with pytest.raises(InvalidInputError, match="'done' is no onboarding status"):
        people.databases.update_user_onboarding_status(ann, "done")
    with pytest.raises(InvalidInputError, match="is not a member's id"):
        people.databases.update_user_onboarding_status("Robert'); DROP TABLE users;--", "completed")
    assert pair.contents() == before
