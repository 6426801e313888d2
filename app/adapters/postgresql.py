"""The one door: the only module that opens connections to the two databases."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import psycopg
from psycopg.types import TypeInfo
from psycopg_pool import ConnectionPool, PoolTimeout

from app.adapters.vector_types import register_vectors, vector_types
from app.databases import identity, transactions
from app.databases.connections import (
    AIConnection,
    BackendConnection,
    DatabaseConnection,
    MigratingAIConnection,
    MigratingBackendConnection,
)
from app.databases.errors import DatabaseBusyError, DatabaseUnavailableError, IdentityError
from app.databases.names import Database
from app.databases.privileged import kind_for
from app.databases.unreachable import cut_off, too_busy, unreachable, was_busy, went_away
from app.repositories.backend import summaries, users
from app.settings import DatabaseSettings, load

Connection = TypeVar("Connection", bound=DatabaseConnection)
POOL_WAIT: Final = 10.0  # seconds that a caller waits for a free connection
POOL_SOON: Final = 1.0  # seconds after which a caller asks whether the server is there at all


class _Door(Generic[Connection]):
    """Open, verify and pool the connections of one database."""

    def __init__(self, kind: type[Connection], address: str, settings: DatabaseSettings) -> None:
        self.kind = kind
        self.address = address
        self.settings = settings
        self.marker: identity.Marker | None = None
        self._types: tuple[TypeInfo, TypeInfo] | None = None
        self._pool: ConnectionPool[Connection] | None = None
        self._lock = threading.Lock()
        self._last_error: Exception | None = None
        self._asked: Future[None] | None = None

    def options(self) -> dict[str, Any]:
        """Give what is added to the address: time-outs, a name, and nothing taken from PG*."""
        return {
            # No application_name: the database announces itself in it, see identity.announces.
            "connect_timeout": self.settings.connect_timeout,
            "options": f"-c statement_timeout={self.settings.statement_timeout}s"
            " -c idle_in_transaction_session_timeout=300s",
        }

    def open(self, kind: type[DatabaseConnection] | None = None, address: str | None = None) -> Any:
        """Open one connection outside the pool; raise DatabaseUnavailableError in words."""
        address = address or self.address
        try:
            return (kind or self.kind).connect(address, **self.options())
        except psycopg.OperationalError as error:
            raise DatabaseUnavailableError(
                unreachable(self.kind.database, address, error)
            ) from None

    def configure(self, connection: Connection) -> None:
        """Verify a new connection and teach it the vector types, before anybody gets it."""
        try:
            if self.marker is None or not identity.announces(connection, self.marker):
                self.marker = self._same_as_before(
                    identity.verified(connection, self.settings.environment)
                )
                self._types = None
            if isinstance(connection, AIConnection):
                self._types = self._types or vector_types(connection)
                register_vectors(connection, *self._types)
            connection.commit()
            self._last_error = None
        except Exception as error:
            self._last_error = error
            raise

    def _same_as_before(self, marker: identity.Marker) -> identity.Marker:
        if self.marker is not None and marker != self.marker:
            raise IdentityError(
                f"{self.kind.database.variable} reached another database than before: it was of the"
                f" pair {self.marker.pair_id}, and is now of {marker.pair_id}."
            )
        return marker

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open one transaction: committed at the end, rolled back on an error."""
        with ExitStack() as opened:
            yield self.take(partial(_begins, opened))

    def take(self, answers: Callable[[Connection], bool]) -> Connection:
        """Give a pooled, verified connection whose server `answers`; its `close()` gives it back.

        `answers` closes the connection where it says no.

        Raises DatabaseUnavailableError soon while the server is away, and after POOL_WAIT while all
        connections are in use.
        """
        transactions.may_open(self.kind.database)
        pool = self._pool or self._start()
        until, wait = time.monotonic() + POOL_WAIT, POOL_SOON
        while True:
            try:
                connection = pool.getconn(timeout=min(wait, until - time.monotonic()))
            except PoolTimeout:
                full = pool.get_stats()["pool_size"] >= self.settings.pool_size
                if not full:
                    self._must_answer()
                if time.monotonic() >= until:
                    raise self._all_in_use() from None
                # Where only others' work is waited for: who asks anew loses their place in the queue.
                wait = POOL_WAIT if full else POOL_SOON
                continue
            if answers(connection):
                return connection
            pool.check()  # whatever took this one took others that wait beside it

    def _start(self) -> ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None:
                first = self.open()
                try:
                    self.configure(first)
                finally:
                    first.close()
                self._pool = ConnectionPool(
                    self.address,
                    connection_class=self.kind,
                    kwargs=self.options(),
                    min_size=0,
                    max_size=self.settings.pool_size,
                    configure=self.configure,
                    close_returns=True,
                    # Whoever asks has the server tried anew. The pool's own pauses grow to minutes,
                    # in which a server that is back would stay unused.
                    reconnect_timeout=0,
                    open=True,
                    name=self.kind.database.value,
                )
            return self._pool

    def _must_answer(self) -> None:
        """Ask whether the server is there: one caller for all who wait.

        In a rush they would take many more connections than the pool may.
        """
        if isinstance(self._last_error, IdentityError):
            raise self._last_error
        with self._lock:
            asked, mine = self._asked or Future(), self._asked is None
            self._asked = asked
        if mine:
            try:
                self.open().close()
            except BaseException as error:
                asked.set_exception(error)
                raise
            else:
                asked.set_result(None)
            finally:
                self._asked = None
        asked.result()

    def _all_in_use(self) -> DatabaseUnavailableError:
        return DatabaseUnavailableError(
            f"All {self.settings.pool_size} connections to the {self.kind.database} database were"
            f" in use for {POOL_WAIT:.0f} s. Try again, or raise DATABASE_POOL_SIZE."
        )

    def close(self) -> None:
        """Close the pool; the next use opens it anew."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._pool = None
            self.marker = None

    def forget(self) -> None:
        """Drop the pool unclosed: in a forked child its connections are the parent's."""
        self._pool, self._asked = None, None
        self._lock = threading.Lock()


def _lives(connection: DatabaseConnection) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except BaseException as error:
        connection.close()  # whatever ends the caller here, the place in the pool is not lost
        if isinstance(error, psycopg.Error):
            return False
        raise
    return True


def _begins(opened: ExitStack, connection: DatabaseConnection) -> bool:
    """Begin a transaction that `opened` ends; to ask beforehand would be one wait more for each.

    Before BEGIN was answered nothing has happened that another connection could not do instead.
    """
    try:
        with ExitStack() as begun:
            begun.enter_context(connection)
            begun.enter_context(_told(connection))
            begun.enter_context(connection.transaction())
            opened.enter_context(begun.pop_all())
    except (psycopg.Error, DatabaseUnavailableError):
        return False
    return True


@contextmanager
def _told(connection: DatabaseConnection) -> Iterator[None]:
    """Tell a server that went away from a statement that failed: the former is worth another try."""
    try:
        yield
    except psycopg.Error as error:
        if went_away(error, broken=connection.broken):
            raise DatabaseUnavailableError(cut_off(connection.database, error)) from error
        if was_busy(error):
            raise DatabaseBusyError(too_busy(connection.database, error)) from error
        raise


class PostgreSQLAdapter:
    """Give connections to the AI database and to the backend database, and never one for the other.

    Without arguments the two addresses come from the settings, when they are first needed.
    `after_work_written` is called after each commit that wrote work into the outbox.
    """

    def __init__(self, settings: DatabaseSettings | None = None) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._ai: _Door[AIConnection] | None = None
        self._backend: _Door[BackendConnection] | None = None
        self.after_work_written: Callable[[], None] | None = None
        os.register_at_fork(after_in_child=self._after_fork)

    @property
    def settings(self) -> DatabaseSettings:
        """Give the validated settings; raise SettingsError when a variable is missing or wrong."""
        if self._settings is None:
            self._settings = load(DatabaseSettings)
        return self._settings

    @property
    def database_url(self) -> str:
        """Give the address of the AI database (DATABASE_URL)."""
        return self.settings.database_url

    @property
    def backend_database_url(self) -> str:
        """Give the address of the backend database (RECIPROCITY_BACKEND_DB_URL)."""
        return self.settings.backend_database_url

    def use(self, settings: DatabaseSettings) -> None:
        """Take other settings; open pools are closed first."""
        self.close()
        self._settings, self._ai, self._backend = settings, None, None

    def _ai_door(self) -> _Door[AIConnection]:
        with self._lock:
            if self._ai is None:
                self._ai = _Door(AIConnection, self.database_url, self.settings)
            return self._ai

    def _backend_door(self) -> _Door[BackendConnection]:
        with self._lock:
            if self._backend is None:
                self._backend = _Door(BackendConnection, self.backend_database_url, self.settings)
            return self._backend

    def get_connection(self) -> AIConnection:
        """Give a connection to the AI database, for embeddings; `close()` gives it back."""
        return self._of_the_pair(self._ai_door().take(_lives))

    def get_backend_connection(self) -> BackendConnection:
        """Give a connection to the backend database, for users and matches; `close()` returns it."""
        connection = self._of_the_pair(self._backend_door().take(_lives))
        connection.beside_nestjs = self.settings.beside_nestjs
        return connection

    def _must_be_a_pair(self) -> None:
        """Raise IdentityError where both databases are known by now and are not of one pair."""
        ai = self._ai and self._ai.marker
        backend = self._backend and self._backend.marker
        if ai and backend:
            identity.same_pair(ai, backend)

    def _of_the_pair(self, connection: Connection) -> Connection:
        try:
            self._must_be_a_pair()
        except IdentityError:
            connection.close()
            raise
        return connection

    @contextmanager
    def ai(self) -> Iterator[AIConnection]:
        """Open one transaction in the AI database: committed at the end, rolled back on an error."""
        with self._ai_door().transaction() as connection:
            self._must_be_a_pair()
            yield connection

    @contextmanager
    def backend(self) -> Iterator[BackendConnection]:
        """Open one transaction in the backend database; committed at the end, or rolled back."""
        caused_work = False
        with self._backend_door().transaction() as connection:
            self._must_be_a_pair()
            connection.beside_nestjs = self.settings.beside_nestjs
            connection.outbox_written = False
            yield connection
            caused_work = connection.outbox_written
        if caused_work and self.after_work_written is not None:
            self.after_work_written()

    def verify(self) -> None:
        """Prove, before any work, that both addresses reach the two databases of one pair."""
        ai = self.get_connection()
        try:
            backend = self.get_backend_connection()
            try:
                identity.prove_two(ai, backend)
            finally:
                backend.close()
        finally:
            ai.close()

    @contextmanager
    def migrating_ai(self) -> Iterator[MigratingAIConnection]:
        """Open a connection, outside the pool and unverified, that may change the AI database."""
        connection: MigratingAIConnection = self._ai_door().open(MigratingAIConnection)
        with connection:
            yield connection

    @contextmanager
    def migrating_backend(self) -> Iterator[MigratingBackendConnection]:
        """Open a connection, outside the pool and unverified, that may change the backend database."""
        connection: MigratingBackendConnection = self._backend_door().open(
            MigratingBackendConnection
        )
        with connection:
            yield connection

    @contextmanager
    def privileged(
        self, database: Database, statements: Sequence[str], address: str | None = None
    ) -> Iterator[DatabaseConnection]:
        """Open a connection, outside the pool and unverified, that takes these very statements too.

        `address` is another one to the same database, such as its owner's or its DBA's.
        """
        door: _Door[Any] = self._ai_door() if database is Database.AI else self._backend_door()
        connection: DatabaseConnection = door.open(kind_for(door.kind, statements), address)
        with connection:
            yield connection

    def update_user_onboarding_status(self, user_id: UUID | str, status: str) -> None:
        """Set a member's onboarding status in the backend database.

        Raises NotFoundError when no such member exists, InvalidInputError for an unknown status.
        """
        with self.backend() as backend:
            users.update_onboarding_status(backend, user_id, status)

    def create_user_summary(
        self, user_id: UUID | str, summary: str, *, urgency: str = "ongoing", status: str = "draft"
    ) -> UUID:
        """Insert the next version of a member's summary in the backend database; give its id."""
        with self.backend() as backend:
            return summaries.create(backend, user_id, summary, urgency=urgency, status=status).id

    def get_valid_user_ids(self, user_ids: Iterable[UUID | str]) -> list[str]:
        """Keep, in their order, the ids of members in the backend database who may be matched."""
        with self.backend() as backend:
            return users.valid_ids(backend, user_ids)

    def close(self) -> None:
        """Close both pools."""
        for door in (self._ai, self._backend):
            if door is not None:
                door.close()

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        for door in (self._ai, self._backend):
            if door is not None:
                door.forget()


postgresql_adapter = PostgreSQLAdapter()
atexit.register(postgresql_adapter.close)
