"""What one transaction is spared ends with it: the next one waits for the disk again."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.connections import BackendConnection
from app.databases.names import Database
from app.repositories.backend import haste, runs
from tests.conftest import Pair
from tests.people import People

USUAL = ("auto", "local")


def _begin_session(adapter: PostgreSQLAdapter) -> int:
    """Have commits wait in the one session there is, as test servers do not; give its process."""
    with adapter.backend() as backend:
        backend.execute("SET synchronous_commit = local")
        return backend.info.backend_pid


def _settings(backend: BackendConnection) -> tuple[str, str]:
    row = backend.execute(
        "SELECT current_setting('plan_cache_mode'), current_setting('synchronous_commit')"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_what_is_spared_holds_in_its_transaction_and_in_no_other(
    adapter: PostgreSQLAdapter,
) -> None:
    session = _begin_session(adapter)
    with adapter.backend() as backend:
        haste.plan_once(backend)
        assert _settings(backend) == ("force_generic_plan", "local")
        haste.plan_once_and_trust_memory(backend)
        assert _settings(backend) == ("force_generic_plan", "off")
    with adapter.backend() as backend:
        assert backend.info.backend_pid == session, "the same session, out of the pool"
        assert _settings(backend) == USUAL


def test_a_worker_leaves_its_sessions_as_they_were(people: People) -> None:
    session = _begin_session(people.databases)
    people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    with people.databases.backend() as backend:
        assert backend.info.backend_pid == session
        assert _settings(backend) == USUAL


@pytest.mark.parametrize("paused", [False, True])
def test_matches_and_their_work_wait_for_the_disk_whoever_is_left_to_be_matched(
    people: People, pair: Pair, monkeypatch: pytest.MonkeyPatch, *, paused: bool
) -> None:
    _begin_session(people.databases)
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    if paused:
        pair.sql(Database.BACKEND, f"UPDATE users SET allow_matching = false WHERE id = '{ann}';")
    seen: list[str] = []
    take_turn = runs.take_turn

    def watched(backend: BackendConnection, started_at: datetime) -> None:
        seen.append(_settings(backend)[1])
        take_turn(backend, started_at)

    monkeypatch.setattr(runs, "take_turn", watched)
    people.match(ann)
    assert seen == ["local"]
