"""A server that was away is missed soon, and used again as soon as it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import psycopg
import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.embedded.provisioning import provision
from tests.conftest import Pair

SOON = 2.0  # seconds; the first wait for a connection is one


def _beside(pair: Pair, sql: str) -> None:
    """Run SQL in another database of the backend's server."""
    provision(pair.server(Database.BACKEND), sql)


def _end_connections(pair: Pair) -> None:
    _beside(
        pair,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE datname = '{pair.name}';",
    )


def _admits(pair: Pair, *, anybody: bool) -> None:
    _beside(pair, f'ALTER DATABASE "{pair.name}" ALLOW_CONNECTIONS {anybody};')


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def _cut_in_use(databases: PostgreSQLAdapter, pair: Pair) -> None:
    with databases.backend() as backend:
        backend.execute("SELECT 1")
        _end_connections(pair)
        backend.execute("SELECT 1")


def _asked(databases: PostgreSQLAdapter) -> object:
    with databases.backend() as backend:
        return backend.execute("SELECT 1").fetchone()


@pytest.fixture
def databases(pair: Pair) -> Iterator[PostgreSQLAdapter]:
    opened = PostgreSQLAdapter(pair.settings)
    _asked(opened)
    yield opened
    opened.close()


def test_a_server_that_is_away_is_told_soon_and_used_at_once_when_it_is_back(
    databases: PostgreSQLAdapter, pair: Pair
) -> None:
    _admits(pair, anybody=False)
    try:
        _end_connections(pair)
        for _ in range(3):
            with _within(SOON), pytest.raises(DatabaseUnavailableError):
                _asked(databases)
    finally:
        _admits(pair, anybody=True)
    with _within(0.5):
        assert _asked(databases) == (1,)


def test_connections_that_died_together_cost_the_next_caller_no_time(
    databases: PostgreSQLAdapter, pair: Pair
) -> None:
    with ExitStack() as together:
        for _ in range(6):
            together.callback(databases.get_backend_connection().close)
    _end_connections(pair)
    with _within(0.5):
        assert _asked(databases) == (1,)
    with _within(0.5):
        assert _asked(databases) == (1,)


def test_a_connection_that_is_cut_in_use_gives_its_place_back(pair: Pair) -> None:
    databases = PostgreSQLAdapter(pair.settings.model_copy(update={"pool_size": 2}))
    for _ in range(5):
        with pytest.raises(DatabaseUnavailableError):
            _cut_in_use(databases, pair)
    with ExitStack() as together, _within(SOON):
        for _ in range(2):
            together.callback(databases.get_backend_connection().close)
    databases.close()


def test_closing_a_connection_twice_gives_one_place_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 0.5)
    databases = PostgreSQLAdapter(pair.settings.model_copy(update={"pool_size": 2}))
    cut = databases.get_backend_connection()
    _end_connections(pair)
    with pytest.raises(psycopg.OperationalError):
        cut.execute("SELECT 1")
    cut.close()
    cut.close()
    with ExitStack() as together:
        for _ in range(2):
            together.callback(databases.get_backend_connection().close)
        with ThreadPoolExecutor(1) as beside:
            third = beside.submit(databases.get_backend_connection)
            assert isinstance(third.exception(timeout=15), DatabaseUnavailableError)
    databases.close()


def test_a_rush_on_a_server_that_is_slow_to_let_in_takes_few_connections_beside_the_pool(
    databases: PostgreSQLAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_SOON", 0.1)
    door = databases._backend_door()
    slow = {"options": f"{door.options()['options']} -c post_auth_delay=1"}
    monkeypatch.setattr(door, "options", lambda: slow)
    assert door._pool is not None
    monkeypatch.setattr(door._pool, "kwargs", slow)
    asked: list[float] = []
    opened = door.open

    def ask() -> object:
        asked.append(time.monotonic())
        return opened()

    monkeypatch.setattr(door, "open", ask)
    with ExitStack() as together, ThreadPoolExecutor(20) as rush:
        together.callback(databases.get_backend_connection().close)
        callers = [rush.submit(_asked, databases) for _ in range(20)]
        assert [one.result(timeout=15) for one in callers] == [(1,)] * 20
    assert all(later - one > 0.9 for one, later in pairwise(asked)), "one after the other"
    assert asked
