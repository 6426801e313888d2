"""However a statement is sent through an adapter's connection, the guard reads it first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import class_row, dict_row
from psycopg.types import TypeInfo

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.connections import AIConnection
from app.databases.errors import StatementRefusedError, WrongDatabaseError
from app.databases.names import Database
from app.embedded.embedded import Embedded
from tests.conftest import Pair

# The tag makes the statement findable in the server's log.
TAG = "entry_point_fault"
WRONG = f"SELECT 1 FROM users /* {TAG} */"


def _drain(cursor: psycopg.Cursor[tuple[object, ...]], text: sql.SQL) -> None:
    for _ in cursor.stream(text):
        pass


def _copy(ai: AIConnection, text: sql.SQL) -> None:
    with ai.cursor() as cursor, cursor.copy(text) as copy:
        copy.read()


def _server_side(ai: AIConnection, text: sql.SQL) -> None:
    with ai.cursor(name="c") as cursor:
        cursor.execute(text)


def _in_pipeline(ai: AIConnection, text: sql.SQL) -> None:
    with ai.pipeline():
        ai.execute(text)


def _in_transaction(ai: AIConnection, text: sql.SQL) -> None:
    with ai.transaction(), ai.cursor(binary=True, row_factory=dict_row) as cursor:
        cursor.execute(text, prepare=True)


def _replaced_factory(ai: AIConnection, text: sql.SQL) -> None:
    ai.cursor_factory = psycopg.Cursor
    ai.execute(text)


def _base_method(ai: AIConnection, text: sql.SQL) -> None:
    psycopg.Connection.cursor(ai).execute(text)


def _own_cursor(ai: AIConnection, text: sql.SQL) -> None:
    psycopg.Cursor(ai).execute(text)


def _row_class(ai: AIConnection, text: sql.SQL) -> None:
    ai.cursor(row_factory=class_row(dict)).execute(text)


Send = Callable[[AIConnection, sql.SQL], object]
WAYS: dict[str, Send] = {
    "execute": lambda ai, t: ai.execute(t),
    "execute, binary": lambda ai, t: ai.execute(t, binary=True),
    "execute as a string": lambda ai, t: ai.execute(t.as_string().encode()),
    "execute composed": lambda ai, t: ai.execute(sql.SQL("{}; {}").format(sql.SQL("SELECT 1"), t)),
    "cursor": lambda ai, t: ai.cursor().execute(t),
    "prepared": lambda ai, t: ai.execute(t, prepare=True),
    "row class": _row_class,
    "executemany": lambda ai, t: ai.cursor().executemany(t, [(), ()]),
    "executemany returning": lambda ai, t: ai.cursor().executemany(t, [()], returning=True),
    "stream": lambda ai, t: _drain(ai.cursor(), t),
    "server-side cursor": _server_side,
    "pipeline": _in_pipeline,
    "nested transaction": _in_transaction,
    "replaced factory": _replaced_factory,
    "psycopg's own method": _base_method,
    "psycopg's own cursor": _own_cursor,
}


@pytest.fixture
def ai(adapter: PostgreSQLAdapter) -> Iterator[AIConnection]:
    connection = adapter.get_connection()
    yield connection
    connection.close()


@pytest.fixture
def servers_log(servers: Embedded) -> Callable[[], str]:
    """Give what both servers have logged since the test began; they log every statement."""
    logs = (servers.ai.log, servers.backend.log)
    begun = [log.stat().st_size for log in logs]

    def read() -> str:
        return "".join(
            log.read_bytes()[start:].decode() for log, start in zip(logs, begun, strict=True)
        )

    return read


def test_a_statement_for_the_backend_does_not_leave_by_any_way(
    ai: AIConnection, servers_log: Callable[[], str]
) -> None:
    for way, send in WAYS.items():
        with pytest.raises(WrongDatabaseError, match="table users lives in the backend"):
            send(ai, sql.SQL(WRONG))
        ai.rollback()
        assert TAG not in servers_log(), way


def test_the_same_ways_are_open_for_the_connection_s_own_tables(
    ai: AIConnection, servers_log: Callable[[], str]
) -> None:
    for way in set(WAYS) - {"executemany"}:
        WAYS[way](ai, sql.SQL(f"SELECT 1 FROM embeddings /* allowed {way} */"))
        ai.rollback()
        assert f"allowed {way}" in servers_log(), way


def test_copy_is_guarded_both_ways_and_with_merged_parameters(
    ai: AIConnection, servers_log: Callable[[], str]
) -> None:
    for text in (
        f"COPY users TO STDOUT /* {TAG} */",
        f"COPY (SELECT id FROM users) TO STDOUT /* {TAG} */",
        f"COPY users (id) FROM STDIN /* {TAG} */",
    ):
        with pytest.raises(WrongDatabaseError, match="table users"):
            _copy(ai, sql.SQL(text))
        ai.rollback()
    with (
        pytest.raises(WrongDatabaseError, match="table users"),
        ai.cursor() as cursor,
        cursor.copy(f"COPY (SELECT 1 FROM users WHERE %s) TO STDOUT /* {TAG} */", (True,)) as copy,
    ):
        copy.read()
    ai.rollback()
    assert TAG not in servers_log()
    _copy(ai, sql.SQL("COPY embeddings TO STDOUT"))


@pytest.mark.parametrize("kind", [psycopg.ClientCursor, psycopg.RawCursor])
def test_a_cursor_of_another_kind_is_refused_whatever_it_says(
    ai: AIConnection, kind: type[psycopg.Cursor[tuple[object, ...]]]
) -> None:
    with pytest.raises(StatementRefusedError, match="is not guarded"):
        kind(ai).execute("SELECT 1")


def test_a_cursor_of_the_other_database_s_connection_is_refused(adapter: PostgreSQLAdapter) -> None:
    ai, backend = adapter.get_connection(), adapter.get_backend_connection()
    with contextlib.closing(ai), contextlib.closing(backend):
        foreign = type(backend.cursor())
        with pytest.raises(StatementRefusedError, match="is not guarded"):
            foreign(ai).execute("SELECT 1 FROM users")


def test_a_cursor_s_guard_cannot_be_exchanged(ai: AIConnection) -> None:
    with pytest.raises(AttributeError):
        ai.cursor()._query_cls = psycopg._queries.PostgresQuery


def test_bytes_that_lie_about_themselves_are_read_as_they_would_be_sent(ai: AIConnection) -> None:
    class Lying(bytes):
        def decode(self, *_: object) -> str:
            return "SELECT 1"

    with pytest.raises(WrongDatabaseError, match="table users"):
        ai.execute(Lying(WRONG.encode()))
    with pytest.raises(WrongDatabaseError, match="table users"):
        ai.execute(bytearray(WRONG.encode()))  # type: ignore[call-overload] # psycopg sends it


def test_a_literal_inside_a_composed_statement_is_read_as_part_of_it(ai: AIConnection) -> None:
    text = sql.SQL("SELECT {}::regclass").format(sql.Literal("users"))
    with pytest.raises(WrongDatabaseError, match="table users"):
        ai.execute(text)


def test_a_two_phase_commit_is_refused(ai: AIConnection) -> None:
    with pytest.raises(StatementRefusedError, match="two-phase"):
        ai.tpc_begin("x")
    with pytest.raises(StatementRefusedError, match="two-phase"):
        ai.tpc_recover()


def test_an_attempt_to_change_the_encoding_is_refused(ai: AIConnection) -> None:
    with pytest.raises(StatementRefusedError, match="client_encoding"):
        ai.execute("SET client_encoding = 'SJIS'")


@pytest.mark.parametrize(
    "setting", ["client_encoding = 'SJIS'", "standard_conforming_strings = off"]
)
def test_a_session_that_reads_texts_otherwise_than_the_guard_is_not_used(
    adapter: PostgreSQLAdapter, pair: Pair, setting: str
) -> None:
    pair.sql(Database.AI, f'ALTER DATABASE "{pair.name}" SET {setting};')
    with pytest.raises(StatementRefusedError, match="read otherwise than they were checked"):
        adapter.get_connection()


def test_psycopg_may_still_read_about_types(ai: AIConnection) -> None:
    assert TypeInfo.fetch(ai, "vector") is not None
    assert TypeInfo.fetch(ai, "nothing_of_the_kind") is None
