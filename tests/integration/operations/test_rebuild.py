"""All vectors are made anew beside the ones that serve, proved equal, and then switched to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.databases.names import Database
from app.repositories.ai import vector_sets
from app.services import embed, erasure, rebuild, reconcile, steps
from tests.conftest import Pair, Reciprocity
from tests.people import Floats, People, WordEmbedder


def _serving(people: People) -> str:
    with people.databases.ai() as ai:
        serving = vector_sets.current(ai)
    assert serving is not None
    return serving.name


def _lists(people: People, members: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    return {member: people.partners_of(member) for member in members}


def _rebuild(people: People, embedder: WordEmbedder | None = None) -> rebuild.Rebuild:
    made = rebuild.Rebuild(people.databases, embedder or people.embedder)
    assert made.run().equal
    return made


@dataclass(frozen=True)
class Meddling(WordEmbedder):
    """Do something else in the middle of embedding."""

    meddle: Callable[[], None] = lambda: None

    def embed(self, texts: Sequence[str]) -> Floats:
        self.meddle()
        return WordEmbedder.embed(self, texts)


def test_damaged_vectors_are_made_anew_and_the_lists_are_what_they_were(
    people: People, pair: Pair
) -> None:
    members = people.crowd(12)
    people.relay.look()
    before = _lists(people, members)
    pair.sql(
        Database.AI,
        "UPDATE embeddings e SET embedding = (SELECT embedding FROM embeddings LIMIT 1);",
    )
    assert reconcile.compare(people.databases).equal, "only the numbers are wrong"
    assert _rebuild(people).made == 12
    people.relay.look()
    assert _serving(people) == "words#2"
    assert _lists(people, members) == before


def test_an_ai_database_that_was_lost_whole_is_made_again(people: People, pair: Pair) -> None:
    members = people.crowd(8)
    people.relay.look()
    before = _lists(people, members)
    pair.sql(Database.AI, "TRUNCATE embedding_models, member_vectors CASCADE;")
    _rebuild(people)
    people.relay.look()
    assert _serving(people) == "words"
    assert reconcile.compare(people.databases).equal
    assert _lists(people, members) == before


def test_a_change_of_model_leaves_nobody_without_matches_at_any_moment(people: People) -> None:
    members = people.crowd(10)
    people.relay.look()
    short: list[UUID] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            short.extend(m for m in members if len(people.partners_of(m)) < len(members) - 1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        other = People(people.databases, WordEmbedder(model="other", dimensions=32))
        _rebuild(people, other.embedder)
        other.relay.look()
    finally:
        over.set()
        watcher.join()
    assert short == []
    assert _serving(people) == "other"
    with people.databases.backend() as backend:
        models = backend.execute("SELECT DISTINCT model FROM match_scores").fetchall()
    assert models == [("other",)]


def test_an_interrupted_rebuild_serves_nothing_new_and_goes_on_where_it_stopped(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    people.crowd(8)
    people.relay.look()
    calls: list[int] = []

    def stop_at_the_third() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _rebuild(people, Meddling(meddle=stop_at_the_third))
    assert _serving(people) == "words"
    assert people.match().pairs, "the old vectors serve on"
    assert _rebuild(people).made == 4
    assert _serving(people) == "words#2"


def test_who_is_approved_or_erased_while_it_runs_is_in_or_not_in_the_new_vectors(
    people: People,
) -> None:
    ann, *_ = people.crowd(4)
    people.relay.look()
    late: list[UUID] = []

    def meddle() -> None:
        if not late:
            late.append(people.join("Late", ["tax advice"], ["piano lessons"]))
            people.say(ann, ["roof repair"], ["llama shearing"])
            people.relay.look()

    _rebuild(people, Meddling(meddle=meddle))
    with people.databases.backend() as backend:
        erasure.erase(backend, ann)
    people.relay.look()
    assert reconcile.compare(people.databases).equal
    with people.databases.ai() as ai:
        stored = ai.execute("SELECT user_id FROM member_vectors WHERE model = 'words#2'").fetchall()
    assert (late[0],) in stored
    assert (ann,) not in stored


def test_a_worker_that_began_before_the_switch_stores_into_what_serves_after_it(
    people: People,
) -> None:
    people.crowd(2)
    people.relay.look()
    cleo = people.join("Cleo", ["tax advice"], ["piano lessons"])
    late = embed.EmbedJob(people.embedder, [cleo])
    steps.run(people.databases, embed.STEPS[:3], late)
    _rebuild(people)
    steps.run(people.databases, embed.STEPS[3:], late)
    assert reconcile.compare(people.databases).equal


def test_a_text_that_the_new_model_cannot_take_stops_the_switch_and_is_named(
    people: People,
) -> None:
    people.crowd(3)
    people.relay.look()
    with people.databases.backend() as backend:
        backend.execute(
            "UPDATE statements SET text = 'poison' WHERE id ="
            " (SELECT id FROM statements ORDER BY id LIMIT 1)"
        )
    with pytest.raises(rebuild.RebuildError, match=r"of 1 members cannot be made.*poison"):
        rebuild.Rebuild(people.databases, WordEmbedder(model="other")).run()
    assert _serving(people) == "words"


def test_the_sets_that_no_longer_serve_are_removed_with_their_indexes(
    people: People, pair: Pair
) -> None:
    people.crowd(3)
    people.relay.look()
    _rebuild(people)
    assert "words" in rebuild.drop_others(people.databases)
    assert pair.sql(Database.AI, "SELECT model, state FROM embedding_models;") == "words#2|serving"
    indexes = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%hnsw';"
    assert pair.sql(Database.AI, indexes) == "1"
    assert pair.sql(Database.AI, "SELECT DISTINCT model FROM member_vectors;") == "words#2"


def test_the_command_rebuilds_proves_and_matches_anew(
    matched_pair: Pair, reciprocity: Reciprocity
) -> None:
    answer = reciprocity("rebuild", "ai", environment=matched_pair.environment)
    assert answer.status == 0, answer.stderr
    assert "members have new vectors" in answer.stdout
    assert "equal" in answer.stdout
    runs = "SELECT trigger, state FROM matching_runs ORDER BY started_at DESC LIMIT 1;"
    assert matched_pair.sql(Database.BACKEND, runs) == "outbox|ready"
    assert matched_pair.sql(Database.AI, "SELECT count(*) FROM embedding_models;") == "1"
