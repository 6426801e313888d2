"""The two databases are compared by digests, and every difference is found and mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from app.databases.names import Database
from app.domain.statements import Minor, content_hash
from app.repositories.ai import digests as ai_digests
from app.repositories.backend import digests, outbox, statements
from app.services import erasure, reconcile, summaries
from app.services.reconcile import Reconciliation
from tests.conftest import Pair, Reciprocity
from tests.people import People


def _look(people: People, *, mend: bool = False) -> Reconciliation:
    return reconcile.reconcile(people.databases, mend=mend)


@pytest.fixture
def members(people: People) -> list[UUID]:
    made = sorted(people.crowd(6))
    people.relay.look()
    assert _look(people).equal
    return made


def test_the_hash_that_sql_computes_is_the_hash_that_the_vectors_carry(people: People) -> None:
    said = {
        people.join("Ann", ["tax advice", "ein größeres Büro 🏡"], ["piano lessons"] * 12),
        people.join("Ben", ["one\nline, 'quoted' \\ \"and\" so on"], []),
        people.join("Cleo", [], ["x" * 70_000]),
    }
    minor = Minor(frozenset({"tax law"}), frozenset({"ein Klavier 🏡"}))
    dora = people.join("Dora", ["tax"], ["piano"])
    said.add(dora)
    with people.databases.backend() as backend:
        needs, offers = ["tax law", "other law"], ["piano", "ein Klavier 🏡"]
        summaries.draft(backend, dora, needs, offers, datetime.now(UTC), minor=minor)
        summaries.approve(backend, dora)
    with people.databases.backend() as backend:
        found = digests.members(backend, list(digests.buckets(backend)))
        words = statements.approved(backend, list(said))
    assert {m: k.content_hash for m, k in found.items()} == {
        m: content_hash(one.statements) for m, one in words.items()
    }


def test_missing_vectors_are_found_and_made_again(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    lost = members[:2]
    for member in lost:
        pair.sql(Database.AI, f"DELETE FROM member_vectors WHERE user_id = '{member}';")
    assert _look(people).found.missing == tuple(lost)
    assert _look(people, mend=True).mended == 2
    people.relay.look()
    assert _look(people).equal


def test_words_changed_past_the_platform_are_found_and_embedded_anew(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    pair.sql(
        Database.BACKEND,
        f"UPDATE statements SET text = 'roof repair' WHERE user_id = '{members[3]}';",
    )
    assert _look(people, mend=True).found.outdated == (members[3],)
    people.relay.look()
    assert "roof repair" in people.embedder.asked
    assert _look(people).equal


def test_vectors_of_a_member_who_was_removed_by_somebody_else_are_removed(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    pair.sql(Database.BACKEND, f"DELETE FROM users WHERE id = '{members[0]}';")
    pair.sql(Database.BACKEND, f"UPDATE users SET deleted_at = now() WHERE id = '{members[1]}';")
    report = _look(people, mend=True)
    assert report.found.orphans == tuple(members[:2])
    assert report.mended == 2
    assert _look(people).equal


def test_vectors_newer_than_a_restored_summary_give_way_to_it(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    pair.sql(
        Database.AI,
        f"UPDATE member_vectors SET summary_version = 7 WHERE user_id = '{members[2]}';",
    )
    assert _look(people, mend=True).found.ahead == (members[2],)
    people.relay.look()
    assert _look(people).equal


def test_a_dry_run_changes_nothing_in_either_database(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    pair.sql(Database.AI, f"DELETE FROM member_vectors WHERE user_id = '{members[0]}';")
    pair.sql(Database.BACKEND, f"DELETE FROM users WHERE id = '{members[1]}';")
    before = pair.contents()
    assert len(_look(people).found) == 2
    assert pair.contents() == before


def test_work_that_waits_already_is_not_caused_twice(people: People) -> None:
    people.crowd(3)
    report = _look(people, mend=True)
    assert len(report.found.missing) == len(report.under_way) == 3
    assert report.mended == 0
    people.relay.look()
    assert _look(people).equal


def test_work_that_was_given_up_is_left_to_a_person(people: People) -> None:
    ann = people.join("Ann", ["poison"], ["piano lessons"])
    with people.databases.backend() as backend:
        (event,) = outbox.claim(backend, ["embed"], limit=1, lease=timedelta(hours=1))
        outbox.failed(backend, [event.id], "the text is poison", retry_in=None)
    report = _look(people, mend=True)
    assert report.given_up == frozenset({ann})
    assert report.mended == 0


def test_after_an_erasure_nothing_differs(people: People, members: list[UUID]) -> None:
    with people.databases.backend() as backend:
        erasure.erase(backend, members[0])
    assert _look(people).under_way == frozenset({members[0]})
    people.relay.look()
    assert _look(people).equal


def test_only_the_buckets_that_differ_are_listed(
    people: People, pair: Pair, members: list[UUID]
) -> None:
    pair.sql(Database.AI, f"DELETE FROM member_vectors WHERE user_id = '{members[0]}';")
    report = _look(people)
    assert len(report.differing) == 1
    with people.databases.ai() as ai:
        assert len(ai_digests.buckets(ai, "words")) == len(members) - 1


def test_the_command_tells_what_differs_and_a_dry_run_exits_with_one(
    people: People, pair: Pair, members: list[UUID], reciprocity: Reciprocity
) -> None:
    command = partial(reciprocity, "reconcile", environment=pair.environment)
    equal = command()
    assert (equal.status, equal.stdout[:16]) == (0, "Nothing differs:")
    pair.sql(Database.AI, f"DELETE FROM member_vectors WHERE user_id = '{members[0]}';")
    dry = command("--dry-run")
    assert dry.status == 1
    assert f"1 with an approved summary and no vectors: {members[0]}" in dry.stdout
    mended = command()
    assert mended.status == 0
    assert "1 members differ, 1 are being mended" in mended.stdout
    people.relay.look()
    assert _look(people).equal
