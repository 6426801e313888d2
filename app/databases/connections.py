"""Wall four: a connection's type says its database, and its cursors are guarded.

Nothing here opens a connection by itself: `app/adapters/postgresql.py` is the one door.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final

import psycopg
from psycopg._queries import PostgresQuery  # the one place every kind of execute passes through
from psycopg.abc import Params, PQGen, Query, QueryNoTemplate
from psycopg.pq import Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.sql import Composable

from app.databases import ownership, transactions
from app.databases.errors import StatementRefusedError
from app.databases.guard import Guard
from app.databases.names import Database

Row = tuple[Any, ...]
_ENCODING: Final = b"client_encoding"
_STRINGS: Final = b"standard_conforming_strings"


def _guarded_query(guard: Guard) -> type[PostgresQuery]:
    class GuardedQuery(PostgresQuery):
        """Check the text as it will be sent, placeholders already turned into $1."""

        __slots__ = ()

        def convert(self, query: Query, vars: Params | None) -> None:  # noqa: A002 - psycopg's name
            super().convert(query, vars)
            if type(self.query) is not bytes:  # what could still change, or lie about itself
                self.query = memoryview(self.query).tobytes()
            guard.check(self.query)
            connection = self._tx.connection
            if isinstance(connection, BackendConnection) and connection.beside_nestjs:
                ownership.check(self.query)
            if isinstance(connection, DatabaseConnection):
                transactions.one_at_a_time(connection)

    return GuardedQuery


def _cursors(guard: Guard) -> tuple[type[psycopg.Cursor[Any]], type[psycopg.ServerCursor[Any]]]:
    guarded = _guarded_query(guard)

    class GuardedCursor(psycopg.Cursor[Any]):
        __slots__ = ()
        _query_cls = guarded

    class GuardedServerCursor(psycopg.ServerCursor[Any]):
        __slots__ = ()
        _query_cls = guarded

    return GuardedCursor, GuardedServerCursor


class DatabaseConnection(psycopg.Connection[Row]):
    """Be what the connections of both databases have in common; never opened itself.

    Whatever goes through psycopg's cursors, transactions and pipelines is guarded. What goes past
    them to libpq itself (`connection.pgconn`) cannot be, and is banned by the lint rules.
    """

    database: ClassVar[Database]
    guard: ClassVar[Guard]
    _cursor_class: ClassVar[type[psycopg.Cursor[Any]]]
    _server_cursor_class: ClassVar[type[psycopg.ServerCursor[Any]]]
    flow: transactions.Flow | None = None
    claimed = False
    _reads_alike = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "guard" in cls.__dict__:
            cls._cursor_class, cls._server_cursor_class = _cursors(cls.guard)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an error, and close: a pooled connection goes back."""
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; a pooled one goes back, also when its server has cut it off.

        psycopg's own does nothing for one that was cut off, whose place in the pool is then lost.
        """
        pool = getattr(self, "_pool", None)
        if self.closed and pool is not None:
            pool.putconn(self)
            self._pool = None
            return
        super().close()

    @property
    def in_pipeline(self) -> bool:
        """Say whether statements may be on their way whose answer has not come."""
        return self._pipeline is not None

    if not TYPE_CHECKING:  # for the types, psycopg's own overloads say more

        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            """Give a guarded cursor; no other kind can be asked for."""
            kind = type(self)
            self.cursor_factory = kind._cursor_class  # noqa: SLF001 - its own class
            self.server_cursor_factory = kind._server_cursor_class  # noqa: SLF001 - the same
            return super().cursor(*args, **kwargs)

        def wait(self, *args: Any, **kwargs: Any) -> Any:
            """Wait for the server; from then on libpq itself says whether a transaction is open."""
            try:
                return super().wait(*args, **kwargs)
            finally:
                self.claimed = False

    def _start_query(self) -> PQGen[None]:
        # Every kind of cursor asks its connection here before it sends anything.
        cursor = sys._getframe(1).f_locals.get("self")  # noqa: SLF001 - psycopg passes no argument
        kind = type(cursor)
        if kind is psycopg.Cursor:  # psycopg makes its own to read about types
            cursor.__class__ = self._cursor_class
        elif kind not in (self._cursor_class, self._server_cursor_class):
            raise StatementRefusedError(
                f"A {kind.__name__} that this connection did not make is not guarded. Use"
                " connection.cursor() or connection.execute()."
            )
        if not self._reads_alike:
            self._check_how_texts_are_read()
        return super()._start_query()

    def _check_how_texts_are_read(self) -> None:
        """Refuse a session in which the server would read a text otherwise than the guard does."""
        encoding = self.pgconn.parameter_status(_ENCODING)
        strings = self.pgconn.parameter_status(_STRINGS)
        if encoding != b"UTF8" or strings not in (b"on", None):
            raise StatementRefusedError(
                f"This session has {_ENCODING.decode()} {(encoding or b'?').decode()} and"
                f" {_STRINGS.decode()} {(strings or b'?').decode()}: statements would be read"
                f" otherwise than they were checked. Set UTF8 and on for the role and the database"
                f" of {self.database.variable}."
            )
        self._reads_alike = True

    def _exec_command(
        self, command: QueryNoTemplate, result_format: Format = Format.TEXT
    ) -> PQGen[PGresult | None]:
        # BEGIN, SAVEPOINT, FETCH and the like, which psycopg sends without a cursor.
        text = command.as_bytes(self) if isinstance(command, Composable) else command
        sent = text.encode() if isinstance(text, str) else bytes(text)
        self.guard.check(sent)
        # A ROLLBACK while nothing is open is psycopg's answer to a BEGIN that was refused here.
        if self.pgconn.transaction_status == TransactionStatus.IDLE and sent != b"ROLLBACK":
            transactions.one_at_a_time(self)
        return super()._exec_command(sent, result_format)

    def _check_tpc(self) -> None:
        raise StatementRefusedError(
            "A two-phase commit would join transactions of both databases: no transaction spans both."
            " Commit a row of the outbox instead; the other database follows."
        )


class AIConnection(DatabaseConnection):
    """Be a connection to the AI database: vectors, no words."""

    database = Database.AI
    guard = Guard(Database.AI)


class BackendConnection(DatabaseConnection):
    """Be a connection to the backend database: users, summaries, matches, every word.

    `outbox_written` says that the open transaction causes work, so that the worker is woken after
    its commit. `beside_nestjs` says that another backend owns the shared tables: its contract then
    limits what may be written to them.
    """

    outbox_written = False
    beside_nestjs = False
    database = Database.BACKEND
    guard = Guard(Database.BACKEND)


class MigratingAIConnection(AIConnection):
    """Be a connection that may change the shape of the AI database."""

    guard = Guard(Database.AI, ddl=True)


class MigratingBackendConnection(BackendConnection):
    """Be a connection that may change the shape of the backend database."""

    guard = Guard(Database.BACKEND, ddl=True)
