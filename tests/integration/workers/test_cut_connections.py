"""A server that goes away in mid-statement is no fault of the work that was being done."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from app.databases.connections import AIConnection, BackendConnection
from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.repositories.ai import embeddings
from app.repositories.backend import outbox
from tests.conftest import Pair
from tests.people import People


def _cut(pair: Pair, database: Database) -> None:
    pair.sql(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{pair.name}' AND pid <> pg_backend_pid();",
    )


@pytest.mark.parametrize("database", list(Database))
def test_a_connection_cut_inside_a_transaction_is_told_as_a_database_that_is_away(
    people: People, pair: Pair, database: Database
) -> None:
    opened: Callable[[], object] = (
        people.databases.ai if database is Database.AI else people.databases.backend
    )
    with pytest.raises(DatabaseUnavailableError, match=f"The {database} database"):
        _work_while_cut(opened, pair, database)
    with people.databases.ai() as ai, ai.cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,), "the next one is a new connection"


def _work_while_cut(opened: Callable[..., object], pair: Pair, database: Database) -> None:
    with opened() as connection:  # type: ignore[attr-defined] # either context manager
        assert isinstance(connection, AIConnection | BackendConnection)
        connection.execute("SELECT 1")
        _cut(pair, database)
        connection.execute("SELECT 1")


def test_a_statement_that_fails_for_its_own_sake_is_told_as_it_is(people: People) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), people.databases.ai() as ai:
        ai.execute("SELECT 1 / 0")


def test_a_server_that_only_reads_is_away_for_whoever_writes(people: People, pair: Pair) -> None:
    people.crowd(1)
    setting = f'ALTER DATABASE "{pair.name}" SET default_transaction_read_only ='
    pair.sql(Database.AI, f"{setting} on;")
    _cut(pair, Database.AI)
    people.relay.look()
    with people.databases.backend() as backend:
        assert outbox.backlog(backend).pending == 1
        attempts = backend.execute("SELECT attempts, last_error FROM outbox").fetchone()
    assert attempts is not None
    assert attempts[0] == 0, "this was no attempt"
    assert "ReadOnlySqlTransaction" in attempts[1]


@pytest.mark.parametrize("database", list(Database))
def test_work_whose_connection_is_cut_is_not_an_attempt_and_is_done_later(
    people: People, pair: Pair, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = people.crowd(3)
    real, cuts = embeddings.put, [1]

    def put_while_cut(ai: AIConnection, *rest: object) -> frozenset[object]:
        if cuts:
            cuts.pop()
            _cut(pair, database)
        return real(ai, *rest)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(embeddings, "put", put_while_cut)
    people.relay.look()
    with people.databases.backend() as backend:
        most = backend.execute(
            "SELECT max(attempts) FROM outbox WHERE state = 'pending'"
        ).fetchone()
        backend.execute("UPDATE outbox SET available_at = now()")
    assert most in {(0,), (None,)}, "a cut connection is no attempt"
    people.relay.look()
    assert all(len(people.partners_of(member)) == 2 for member in members)
