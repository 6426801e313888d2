"""A migration that has to wait for a table lets everybody else pass, and says so when it is in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.adapters import migration_locks
from app.adapters.migration_locks import TableHeldError
from app.adapters.migrations import downgrade, migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.revisions import newest
from app.databases.names import Database
from app.repositories.backend import revision
from tests.conftest import Pair


@pytest.fixture
def older(pair: Pair, adapter: PostgreSQLAdapter, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take the backend database back to before a revision changed `statements`; give that one."""
    monkeypatch.setattr(migration_locks, "TURN", "300ms")
    monkeypatch.setattr(migration_locks, "PAUSE", 0.3)
    monkeypatch.setattr(migration_locks, "TURNS", 100)
    before = "0012"
    downgrade(PostgreSQLAdapter(pair.settings), Database.BACKEND, before)
    assert _at(adapter) == before
    return before


def _at(adapter: PostgreSQLAdapter) -> str | None:
    with adapter.backend() as backend:
        return revision.current(backend)


@contextmanager
def _held(adapter: PostgreSQLAdapter) -> Iterator[None]:
    """Let somebody else hold a table in a transaction that is open meanwhile."""
    holds, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with adapter.backend() as backend:
            backend.execute("SELECT count(*) FROM statements")
            holds.set()
            enough.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(30)
    try:
        yield
    finally:
        enough.set()
        holder.join()


def test_others_pass_while_a_migration_waits_and_it_goes_on_when_the_table_is_free(
    pair: Pair, adapter: PostgreSQLAdapter, older: str
) -> None:
    migrating = threading.Thread(
        target=migrate, args=(PostgreSQLAdapter(pair.settings), "development")
    )
    longest = 0.0
    with _held(adapter):
        migrating.start()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            begun = time.monotonic()
            with adapter.backend() as backend:
                backend.execute("SELECT count(*) FROM statements").fetchone()
            longest = max(longest, time.monotonic() - begun)
        assert migrating.is_alive()
        assert _at(adapter) == older
    migrating.join(30)
    assert _at(adapter) == newest(Database.BACKEND)
    assert longest < 2, "nobody waits behind a migration for longer than its turn"


def test_a_table_that_is_never_let_go_of_is_told_in_words_and_nothing_is_changed(
    pair: Pair, adapter: PostgreSQLAdapter, older: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_locks, "TURNS", 2)
    told = "Somebody holds a table of the backend database"
    with _held(adapter), pytest.raises(TableHeldError, match=told):
        migrate(PostgreSQLAdapter(pair.settings), "development")
    assert _at(adapter) == older


def test_a_migration_that_gives_up_says_so_right_after_its_last_turn(
    pair: Pair, adapter: PostgreSQLAdapter, older: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_locks, "TURNS", 1)
    monkeypatch.setattr(migration_locks, "PAUSE", 30.0)
    begun = time.monotonic()
    with _held(adapter), pytest.raises(TableHeldError):
        migrate(PostgreSQLAdapter(pair.settings), "development")
    assert time.monotonic() - begun < 20
    assert _at(adapter) == older
