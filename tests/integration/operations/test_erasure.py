"""Who is erased is gone from both databases, and nothing that comes late brings them back."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.databases import dictionary
from app.databases.names import Database
from app.errors import NotFoundError
from app.repositories.ai import embeddings
from app.repositories.backend import erasure as rows
from app.repositories.backend import outbox
from app.services import embed, erasure, steps, topics
from tests.conftest import Pair
from tests.people import People

NOW = datetime.now(UTC)


def _erase(people: People, user_id: UUID) -> None:
    with people.databases.backend() as backend:
        erasure.erase(backend, user_id)


def _with_vectors(people: People) -> frozenset[UUID]:
    with people.databases.ai() as ai:
        return embeddings.member_ids(ai, "words")


# psql runs each row of the answer as a statement.
_COUNT_IN_EACH_TABLE = r"""
SELECT format('SELECT %L, count(*) FROM %I t WHERE t::text LIKE %L', name, name, '%{member}%')
FROM unnest('{{{names}}}'::text[]) name WHERE to_regclass(name) IS NOT NULL \gexec
"""


def _rows_about(pair: Pair, user_id: UUID) -> dict[str, int]:
    """Count the rows of every table that hold this id anywhere in them."""
    found: dict[str, int] = {}
    for database in Database:
        names = ",".join(one.name for one in dictionary.TABLES if one.database is database)
        count = _COUNT_IN_EACH_TABLE.format(member=user_id, names=names)
        rows = (row.split("|") for row in pair.sql(database, count).splitlines())
        found |= {name: int(number) for name, number in rows if int(number)}
    return found


def test_of_an_erased_member_nothing_is_left_but_the_tombstone_and_the_work_done(
    people: People, pair: Pair
) -> None:
    ann, *others = people.crowd(6)
    people.relay.look()
    assert _rows_about(pair, ann).keys() > {"users", "statements", "matches", "embeddings"}
    _erase(people, ann)
    assert _rows_about(pair, ann).keys() & {"users", "statements", "matches"} == set()
    people.relay.look()
    assert _rows_about(pair, ann) == {"erased_members": 1, "outbox": 1}
    assert _with_vectors(people) == frozenset(others)


def test_erasing_somebody_who_does_not_exist_is_an_error_that_writes_nothing(
    people: People, pair: Pair
) -> None:
    before = pair.contents()
    with pytest.raises(NotFoundError, match="nobody was erased"):
        _erase(people, uuid4())
    assert pair.contents() == before


def test_vectors_that_were_computed_before_the_erasure_and_come_after_it_are_refused(
    people: People,
) -> None:
    ann, ben = people.crowd(2)
    late = embed.EmbedJob(people.embedder, [ann, ben])
    steps.run(people.databases, embed.STEPS[:3], late)
    _erase(people, ann)
    people.relay.look()
    steps.run(people.databases, embed.STEPS[3:], late)
    assert late.stored == frozenset({ben})
    assert _with_vectors(people) == frozenset({ben})


def test_work_on_a_member_that_waits_when_they_are_erased_does_nothing(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    _erase(people, ann)
    with people.databases.backend() as backend:
        outbox.add(backend, topics.EMBED, [ann])
        outbox.add(backend, topics.MATCH_SYNC, [ann])
    people.relay.look()
    assert _with_vectors(people) == frozenset()
    with people.databases.backend() as backend:
        assert outbox.backlog(backend).dead == 0


def test_an_erasure_waits_for_vectors_that_are_being_written_and_removes_them(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    late = embed.EmbedJob(people.embedder, [ann])
    steps.run(people.databases, embed.STEPS[:3], late)

    def remove() -> None:
        with people.databases.ai() as ai:
            embeddings.erase(ai, [ann], NOW)

    eraser = threading.Thread(target=remove)
    with people.databases.ai() as ai:
        assert embeddings.put(ai, "words", late.sets, NOW) == frozenset({ann})
        eraser.start()
        _until_somebody_waits(pair)
    eraser.join()
    assert _with_vectors(people) == frozenset()


def test_vectors_wait_for_an_erasure_that_is_under_way_and_are_then_refused(
    people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    late = embed.EmbedJob(people.embedder, [ann])
    steps.run(people.databases, embed.STEPS[:3], late)
    writer = threading.Thread(target=lambda: steps.run(people.databases, embed.STEPS[3:4], late))
    with people.databases.ai() as ai:
        embeddings.erase(ai, [ann], NOW)
        writer.start()
        _until_somebody_waits(pair)
    writer.join()
    assert late.stored == frozenset()
    assert _with_vectors(people) == frozenset()


def _until_somebody_waits(pair: Pair) -> None:
    limit = time.monotonic() + 10
    waiting = (
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        f" WHERE d.datname = '{pair.name}' AND l.locktype = 'advisory' AND NOT l.granted;"
    )
    while pair.sql(Database.AI, waiting) == "0":
        assert time.monotonic() < limit, "nobody waits: the two do not exclude each other"
        time.sleep(0.02)


def test_every_table_that_holds_a_members_rows_is_emptied_by_name_or_by_its_reference(
    pair: Pair,
) -> None:
    cascading = set(
        pair.sql(
            Database.BACKEND,
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confdeltype = 'c';",
        ).split()
    )
    living = set(pair.sql(Database.BACKEND, "SELECT relname FROM pg_stat_user_tables;").split())
    members = {t.name for t in dictionary.tables_of(Database.BACKEND) if t.member_column}
    assert (members & living) - cascading - rows.STATEMENTS.keys() == set()
