"""Vectors are written all or none, never older over newer, and each model keeps to its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.domain.matching.scores import Calibration
from app.domain.statements import Kind
from app.errors import ConflictError, InvalidInputError
from app.repositories.ai import candidates, embeddings, models, vector_sets
from app.repositories.ai.embeddings import MemberVectorSet, StatementVector
from app.repositories.ai.vector_sets import AnotherModelServesError
from app.repositories.backend import outbox
from app.services import embed, steps
from app.services.model_registry import index, register_model
from tests.conftest import Pair
from tests.people import People, PoisonError, WordEmbedder

NOW = datetime.now(UTC)


def _vector(seed: int, dimensions: int = 8) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), np.float32)


def _member(user_id: UUID, version: int, seed: int, dimensions: int = 8) -> MemberVectorSet:
    return MemberVectorSet(
        user_id,
        version,
        bytes([version]) * 32,
        (
            StatementVector(uuid4(), Kind.NEED, _vector(seed, dimensions)),
            StatementVector(uuid4(), Kind.OFFER, _vector(seed + 1, dimensions)),
            StatementVector(uuid4(), Kind.OFFER, _vector(seed + 2, dimensions)),
        ),
    )


@pytest.fixture
def small_model(adapter: PostgreSQLAdapter) -> str:
    with adapter.ai() as ai:
        models.register(ai, "small", 8, NOW)
    return "small"


def _put(
    adapter: PostgreSQLAdapter, members: Sequence[MemberVectorSet], model: str = "small"
) -> frozenset[UUID]:
    with adapter.ai() as ai:
        return embeddings.put(ai, model, members, NOW)


def _stored(adapter: PostgreSQLAdapter, model: str = "small") -> tuple[int, int, int]:
    with adapter.ai() as ai:
        row = ai.execute(
            "SELECT (SELECT count(*) FROM member_vectors WHERE model = %(model)s),"
            " (SELECT count(*) FROM embeddings WHERE model = %(model)s),"
            " (SELECT count(*) FROM embedding_couples WHERE model = %(model)s)",
            {"model": model},
        ).fetchone()
    assert row is not None
    return row


def test_a_members_vectors_and_couples_are_stored_together(
    adapter: PostgreSQLAdapter, small_model: str
) -> None:
    ann = _member(uuid4(), 1, seed=1)
    assert _put(adapter, [ann]) == {ann.user_id}
    assert _stored(adapter) == (1, 3, 2)
    with adapter.ai() as ai:
        needs = embeddings.table(ai, small_model, Kind.NEED, 8)
        offers = embeddings.table(ai, small_model, Kind.OFFER, 8)
    assert needs.user_ids == [ann.user_id]
    assert needs.vectors == pytest.approx(np.stack([ann.vectors[0].vector]))
    by_id = dict(zip(offers.statement_ids, offers.vectors, strict=True))
    for said in ann.vectors[1:]:
        assert by_id[said.statement_id] == pytest.approx(said.vector)


@pytest.mark.usefixtures("small_model")
def test_when_one_vector_cannot_be_stored_none_is_and_the_old_ones_stay(
    adapter: PostgreSQLAdapter,
) -> None:
    ann = _member(uuid4(), 1, seed=1)
    _put(adapter, [ann])
    newer = _member(ann.user_id, 2, seed=5)
    twice = MemberVectorSet(ann.user_id, 2, b"x", (*newer.vectors, newer.vectors[-1]))
    with pytest.raises(psycopg.errors.UniqueViolation):
        _put(adapter, [twice])
    assert _stored(adapter) == (1, 3, 2)
    with adapter.ai() as ai:
        assert embeddings.stored(ai, "small", [ann.user_id])[ann.user_id].summary_version == 1


@pytest.mark.usefixtures("small_model")
def test_an_older_summary_version_cannot_overwrite_newer_vectors(
    adapter: PostgreSQLAdapter,
) -> None:
    user_id = uuid4()
    newer, older, other = _member(user_id, 7, 1), _member(user_id, 6, 9), _member(uuid4(), 1, 20)
    assert _put(adapter, [newer]) == {user_id}
    assert _put(adapter, [older, other]) == {other.user_id}
    with adapter.ai() as ai:
        assert embeddings.stored(ai, "small", [user_id])[user_id].summary_version == 7
        mine = ai.execute(
            "SELECT statement_id FROM embeddings WHERE user_id = %s", (user_id,)
        ).fetchall()
    assert {row[0] for row in mine} == {said.statement_id for said in newer.vectors}


def test_a_worker_that_read_an_older_summary_and_stores_late_changes_nothing(
    people: People,
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    late = embed.EmbedJob(people.embedder, [ann])
    steps.run(people.databases, embed.STEPS[:3], late)
    people.say(ann, ["a garden"], ["piano lessons"])
    people.relay.look()
    steps.run(people.databases, embed.STEPS[3:], late)
    assert late.stored == frozenset()
    with people.databases.ai() as ai:
        assert embeddings.stored(ai, "words", [ann])[ann].summary_version == 2


def test_the_same_summary_is_embedded_once_however_often_the_work_comes(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.relay.look()
    asked = len(people.embedder.asked)
    with people.databases.backend() as backend:
        outbox.add(backend, "embed", [ann, ann])
    people.relay.look()
    assert len(people.embedder.asked) == asked == 2


def test_of_a_member_whose_one_text_cannot_be_embedded_no_vector_is_stored(
    people: People,
) -> None:
    people.join("Ann", ["tax advice", "poison"], ["piano lessons"])
    people.relay.look()
    assert _stored(people.databases, "words") == (0, 0, 0)


def test_vectors_of_two_models_stand_side_by_side_and_are_never_compared(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    other = WordEmbedder(model="other", dimensions=32)
    with people.databases.ai() as ai:
        beside = vector_sets.build_beside(ai, other.model, other.dimensions, NOW)
    job = embed.EmbedJob(other, [ann, ben], vector_set=beside)
    steps.run(people.databases, embed.FILL, job)
    people.match()
    assert _stored(people.databases, "words") == _stored(people.databases, "other") == (2, 4, 2)
    with people.databases.ai() as ai:
        found = candidates.exact(ai, "other", ann, [ann, ben], Calibration(), limit=10)
        lengths = ai.execute(
            "SELECT model, min(vector_dims(embedding)), max(vector_dims(embedding))"
            " FROM embeddings GROUP BY model ORDER BY model"
        ).fetchall()
    assert [one.user_id for one in found] == [ben]
    assert lengths == [("other", 32, 32), ("words", 64, 64)]


def test_a_worker_with_another_model_than_the_one_that_serves_does_nothing_and_loses_nothing(
    people: People,
) -> None:
    ann, ben = people.crowd(2)
    people.relay.look()
    people.join("Cleo", ["help with gardening"], ["help with gardening"])
    other = People(people.databases, WordEmbedder(model="other"))
    with pytest.raises(AnotherModelServesError, match="rebuild ai"):
        other.match()
    other.relay.look()
    assert _stored(people.databases, "words") == (2, 4, 2)
    assert _stored(people.databases, "other") == (0, 0, 0)
    assert people.partners_of(ann) == [ben], "what the first model found is still there"
    with people.databases.backend() as backend:
        waiting = outbox.backlog(backend)
    assert (waiting.pending, waiting.dead) == (1, 0)


def test_a_model_whose_vectors_change_length_is_another_model(adapter: PostgreSQLAdapter) -> None:
    with adapter.ai() as ai:
        models.register(ai, "small", 8, NOW)
        models.register(ai, "small", 8, NOW)
    with (
        pytest.raises(ConflictError, match="registered with 8 dimensions and now gives 9"),
        adapter.ai() as ai,
    ):
        models.register(ai, "small", 9, NOW)


def test_a_length_that_the_index_cannot_hold_is_an_error_that_says_what_to_do(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    before = pair.contents()
    with (
        pytest.raises(InvalidInputError, match=r"2001 dimensions .*EMBEDDING_DIMENSIONS"),
        adapter.migrating_ai() as ai,
    ):
        register_model(ai, "huge", 2001)
    assert pair.contents() == before


def test_the_longest_vectors_that_the_index_takes_are_indexed_and_found(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    with adapter.migrating_ai() as ai:
        register_model(ai, "long", 2000)
    ann = _member(uuid4(), 1, seed=1, dimensions=2000)
    assert _put(adapter, [ann], "long") == {ann.user_id}
    with adapter.migrating_ai() as ai:
        index(ai, "long", 2000)
    assert _stored(adapter, "long") == (1, 3, 2)
    assert _partial_indexes(pair).count("'long'") == 1


def _partial_indexes(pair: Pair) -> str:
    return pair.sql(
        Database.AI,
        "SELECT pg_get_expr(i.indpred, i.indrelid) FROM pg_index i"
        " WHERE i.indrelid = 'embeddings'::regclass AND i.indpred IS NOT NULL AND i.indisvalid",
    )


def test_an_empty_set_is_filled_without_an_index_and_gets_it_when_it_is_registered_again(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    with adapter.migrating_ai() as ai:
        register_model(ai, "late", 8)
    assert _partial_indexes(pair) == ""
    ann = _member(uuid4(), 1, seed=1)
    _put(adapter, [ann], "late")
    with adapter.migrating_ai() as ai:
        register_model(ai, "late", 8)
    assert _partial_indexes(pair).count("'late'") == 1


def test_models_whose_names_begin_alike_get_an_index_each(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    names = [
        f"sentence-transformers/paraphrase-multilingual-{size}"
        for size in ("MiniLM-L12-v2", "mpnet-base-v2")
    ] + ["one.model", "one_model"]
    with adapter.migrating_ai() as ai:
        for name in names:
            models.register(ai, name, 8, NOW)
    for name in names:
        _put(adapter, [_member(uuid4(), 1, seed=1)], name)
    with adapter.migrating_ai() as ai:
        for name in names:
            index(ai, name, 8)
    made = _partial_indexes(pair)
    for name in names:
        assert made.count(f"'{name}'") == 1, made


@pytest.mark.parametrize(("needs", "offers"), [(1, 1), (3, 3), (3, 4), (5, 2), (0, 2)])
def test_the_exact_search_is_right_however_much_a_member_says(
    adapter: PostgreSQLAdapter, small_model: str, needs: int, offers: int
) -> None:
    def says(needs: int, offers: int, seed: int) -> MemberVectorSet:
        kinds = [Kind.NEED] * needs + [Kind.OFFER] * offers
        said = (StatementVector(uuid4(), k, _vector(seed + n)) for n, k in enumerate(kinds))
        return MemberVectorSet(uuid4(), 1, b"1" * 32, tuple(said))

    me, others = says(needs, offers, 900), [says(1 + n % 3, n % 3, 20 * n) for n in range(30)]
    _put(adapter, [me, *others])
    with adapter.ai() as ai:
        found = candidates.exact(
            ai, small_model, me.user_id, [o.user_id for o in others], Calibration(), limit=40
        )

    def best(wanting: MemberVectorSet, giving: MemberVectorSet) -> float:
        wants = [v.vector for v in wanting.vectors if v.kind is Kind.NEED]
        gives = [v.vector for v in giving.vectors if v.kind is Kind.OFFER]
        return max((float(n @ o) for n in wants for o in gives), default=float("nan"))

    gains = {o.user_id: (best(me, o), best(o, me)) for o in others}
    both = {user_id: pair for user_id, pair in gains.items() if not np.isnan(pair).any()}
    assert {one.user_id for one in found} == set(both)
    for one in found:
        assert (one.i_gain, one.they_gain) == pytest.approx(both[one.user_id], abs=1e-6)


def test_poison_is_what_the_other_tests_take_it_for() -> None:
    with pytest.raises(PoisonError):
        WordEmbedder().embed(["fine", "poison ivy"])
