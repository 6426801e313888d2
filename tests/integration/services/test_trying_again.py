"""A member asks for what failed to be done again, and is refused only where nothing failed."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.databases.names import Database
from app.errors import ConflictError
from app.services import progress
from tests.conftest import Pair
from tests.people import People


def _stage(people: People, user_id: UUID) -> str:
    with people.databases.backend() as backend:
        found = progress.of_member(backend, user_id)
    assert found is not None
    return found.stages[1].state


@pytest.mark.parametrize("due", ["1 hour", "-1 hour"], ids=["not due yet", "due by now"])
def test_what_failed_is_done_again_also_when_it_is_due_by_now(
    people: People, pair: Pair, due: str
) -> None:
    ann = people.join("Ann", ["poison"], ["piano lessons"])
    people.relay.look()
    assert _stage(people, ann) == "trying_again"
    pair.sql(Database.BACKEND, f"UPDATE outbox SET available_at = now() + interval '{due}'")
    progress.again(people.databases, ann)
    assert people.relay.look() == 1, "it was tried at once"


def test_where_nothing_failed_there_is_nothing_to_do_again(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    with pytest.raises(ConflictError, match="Nothing of yours has failed"):
        progress.again(people.databases, ann)
