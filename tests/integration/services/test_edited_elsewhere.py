"""A summary whose text somebody edited elsewhere keeps what was said of the words that still stand."""

from __future__ import annotations

from datetime import UTC, datetime

from app.databases.names import Database
from app.domain.statements import Minor
from app.repositories.backend import statements
from app.services import steps, summaries, take_over
from tests.conftest import Pair
from tests.people import People


def test_words_that_an_edit_leaves_standing_count_as_they_did(people: People, pair: Pair) -> None:
    ann = people.join("Ann", ["tax"], ["piano"], approve=False)
    with people.databases.backend() as backend:
        minor = Minor(frozenset({"tax  law", "a boat"}), frozenset({"piano"}))
        needs = ["tax  law", "a boat", "a garden"]
        summaries.draft(backend, ann, needs, ["piano"], datetime.now(UTC), minor=minor)
        summaries.approve(backend, ann)
    edited = "## What I need\n\n- tax law\n- a big boat\n\n## What I offer\n\n- piano"
    pair.sql(Database.BACKEND, f"UPDATE user_summaries SET summary = $t${edited}$t$;")
    steps.run(people.databases, take_over.STEPS, take_over.TakeOverJob(None, {ann: True}))
    with people.databases.backend() as backend:
        said = statements.approved(backend, [ann])[ann].statements
    assert [one.text for one in said] == ["tax law", "a big boat", "piano"]
    assert Minor.of(said) == Minor(frozenset({"tax law"}), frozenset({"piano"}))
