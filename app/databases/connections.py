"""Wall four: a connection's type says its database, and its cursors are guarded.

Nothing here opens a connection by itself: `app/adapters/postgresql.py` is the one door.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from psycopg._queries import PostgresQuery  # the one place every kind of execute passes through
from psycopg.abc import Params, Query

from app.databases import transactions
from app.databases.guard import Guard
from app.databases.names import Database

Row = tuple[Any, ...]


def _guarded_query(guard: Guard) -> type[PostgresQuery]:
    class GuardedQuery(PostgresQuery):
        """Check the text as it will be sent, placeholders already turned into $1."""

        __slots__ = ()

        def convert(self, query: Query, vars: Params | None) -> None:  # noqa: A002 - psycopg's name
            super().convert(query, vars)
            guard.check(self.query)
            connection = self._tx.connection
            if isinstance(connection, DatabaseConnection):
                transactions.one_at_a_time(connection)

    return GuardedQuery


def _cursors(guard: Guard) -> tuple[type[psycopg.Cursor[Any]], type[psycopg.ServerCursor[Any]]]:
    guarded = _guarded_query(guard)

    class GuardedCursor(psycopg.Cursor[Any]):
        _query_cls = guarded

    class GuardedServerCursor(psycopg.ServerCursor[Any]):
        _query_cls = guarded

    return GuardedCursor, GuardedServerCursor


class DatabaseConnection(psycopg.Connection[Row]):
    """Be what the connections of both databases have in common; never opened itself."""

    database: ClassVar[Database]
    guard: ClassVar[Guard]
    _cursor_class: ClassVar[type[psycopg.Cursor[Any]]]
    _server_cursor_class: ClassVar[type[psycopg.ServerCursor[Any]]]

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

    if not TYPE_CHECKING:  # for the types, psycopg's own overloads say more

        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            """Give a guarded cursor; no other kind can be asked for."""
            self.cursor_factory = self._cursor_class
            self.server_cursor_factory = self._server_cursor_class
            return super().cursor(*args, **kwargs)


class AIConnection(DatabaseConnection):
    """Be a connection to the AI database: vectors, no words."""

    database = Database.AI
    guard = Guard(Database.AI)


class BackendConnection(DatabaseConnection):
    """Be a connection to the backend database: users, summaries, matches, every word.

    `outbox_written` says that the open transaction causes work, so that the worker is woken after
    its commit.
    """

    outbox_written = False
    database = Database.BACKEND
    guard = Guard(Database.BACKEND)


class MigratingAIConnection(AIConnection):
    """Be a connection that may change the shape of the AI database."""

    guard = Guard(Database.AI, ddl=True)


class MigratingBackendConnection(BackendConnection):
    """Be a connection that may change the shape of the backend database."""

    guard = Guard(Database.BACKEND, ddl=True)
