"""In a large community the index answers first; what it leaves short, everybody is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.adapters.embedding import Embedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.domain.matching.rules import BUDGET
from app.repositories.backend import index_recall as kept_recall
from app.repositories.backend import outbox, runs, users
from app.services import index_recall, introductions, match_sync, model_registry, search, topics
from app.workers.relay import Relay
from tests.conftest import Pair

PROTAGONIST = "marisol.etcheverry@surcohumedo.example"


@pytest.fixture
def pair(matched_pair: Pair) -> Pair:
    matched_pair.sql(Database.BACKEND, "ANALYZE users;")
    return matched_pair


def _matched_again(adapter: PostgreSQLAdapter, relay: Relay) -> introductions.List:
    with adapter.backend() as backend:
        member = users.by_email(backend, PROTAGONIST)
        outbox.add(backend, topics.MATCH_SYNC, [member.id])
    relay.look()
    with adapter.backend() as backend:
        return introductions.of_member(backend, member.id, limit=match_sync.LIST_LENGTH)


def test_the_index_gives_the_same_people_and_the_list_says_approximate(
    adapter: PostgreSQLAdapter,
    relay: Relay,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = _matched_again(adapter, relay)
    monkeypatch.setattr(match_sync, "LARGE", 1)
    monkeypatch.setattr(model_registry, "COUPLES_INDEXED_FROM", 1)
    with adapter.migrating_ai() as ai:
        model_registry.register_model(ai, embedder.model, embedder.dimensions)
    approximate = _matched_again(adapter, relay)
    assert approximate.method == "approximate"
    assert [m.partner_id for m in approximate.introductions] == [
        m.partner_id for m in exact.introductions
    ]
    with adapter.backend() as backend:
        run = runs.last(backend)
    assert run is not None
    assert run.method == "approximate"


def test_without_an_index_everybody_is_looked_at_and_the_list_says_exact(
    adapter: PostgreSQLAdapter, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match_sync, "LARGE", 1)
    found = _matched_again(adapter, relay)
    assert found.method == "exact"
    assert len(found.introductions) == BUDGET


def test_a_list_that_the_rules_leave_short_is_filled_by_looking_at_everybody(
    adapter: PostgreSQLAdapter,
    relay: Relay,
    embedder: Embedder,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever the narrow index names first is paused, so that the index alone would come back short.
    monkeypatch.setattr(match_sync, "LARGE", 1)
    monkeypatch.setattr(model_registry, "COUPLES_INDEXED_FROM", 1)
    monkeypatch.setattr(search, "ASKINGS", ((5, 10), (10, 10)))
    with adapter.migrating_ai() as ai:
        model_registry.register_model(ai, embedder.model, embedder.dimensions)
    first = _matched_again(adapter, relay)
    ids = ", ".join(f"'{m.partner_id}'" for m in first.introductions[:6])
    pair.sql(Database.BACKEND, f"UPDATE users SET allow_matching = false WHERE id IN ({ids});")
    found = _matched_again(adapter, relay)
    assert found.method == "exact"
    assert len(found.introductions) == BUDGET


@pytest.fixture
def indexed(
    adapter: PostgreSQLAdapter, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have the index asked, though the community is small."""
    monkeypatch.setattr(match_sync, "LARGE", 1)
    monkeypatch.setattr(model_registry, "COUPLES_INDEXED_FROM", 1)
    with adapter.migrating_ai() as ai:
        model_registry.register_model(ai, embedder.model, embedder.dimensions)


@pytest.mark.usefixtures("indexed")
def test_an_approximate_list_tells_the_recall_that_upkeep_measured(
    adapter: PostgreSQLAdapter, relay: Relay
) -> None:
    before = _matched_again(adapter, relay)
    assert (before.method, before.recall) == ("approximate", None)
    index_recall.keep(adapter, relay.embedder)
    assert _matched_again(adapter, relay).recall == 1.0


@pytest.mark.usefixtures("indexed")
def test_a_search_that_looks_too_narrowly_is_told_by_its_recall(
    adapter: PostgreSQLAdapter, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ASKINGS", ((2, 10), (5, 10)))
    index_recall.keep(adapter, relay.embedder)
    with adapter.backend() as backend:
        recall = kept_recall.of_last_run(backend)
    assert recall is not None
    assert 0.0 < recall < 1.0


@pytest.mark.usefixtures("indexed")
def test_a_recall_of_another_model_is_not_told(adapter: PostgreSQLAdapter, relay: Relay) -> None:
    with adapter.backend() as backend:
        kept_recall.put(backend, "another model", 0.5, 40, datetime.now(UTC))
    found = _matched_again(adapter, relay)
    assert (found.method, found.recall) == ("approximate", None)


def test_where_everybody_is_looked_at_nothing_is_measured(
    adapter: PostgreSQLAdapter, relay: Relay
) -> None:
    index_recall.keep(adapter, relay.embedder)
    with adapter.backend() as backend:
        assert kept_recall.of_last_run(backend) is None
