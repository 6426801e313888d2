"""No transaction spans both databases, and nothing slow is asked while one is open.

A flow of work is a thread's own, or that of one request whichever threads its handlers run in. Each
connection belongs to the flow that used it last: what another flow does with a pooled connection
afterwards is not this flow's business.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from app.databases.errors import CrossDatabaseTransactionError
from app.databases.names import Database

if TYPE_CHECKING:
    from app.databases.connections import DatabaseConnection


class Flow:
    """Remember which connections one flow of work has used."""

    __slots__ = ("__weakref__", "_connections", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._connections: list[weakref.ref[DatabaseConnection]] = []

    def add(self, connection: DatabaseConnection) -> None:
        """Take over a connection; the caller holds the lock."""
        alive = [r for r in self._connections if (c := r()) is not None and c.flow is self]
        self._connections = [*alive, weakref.ref(connection)]
        connection.flow = self

    def holds_only(self, connection: DatabaseConnection) -> bool:
        """Say whether this is the one connection the flow has used: the common case, told quickly."""
        return connection.flow is self and len(self._connections) == 1

    def open(self) -> Iterator[DatabaseConnection]:
        """Give the connections of this flow that have a transaction open, or are about to."""
        for reference in self._connections:
            connection = reference()
            if connection is not None and connection.flow is self and _is_open(connection):
                yield connection


def _is_open(connection: DatabaseConnection) -> bool:
    if connection.closed:
        return False
    return (
        connection.claimed
        or connection.pgconn.transaction_status != TransactionStatus.IDLE
        or connection.in_pipeline
    )


_current: contextvars.ContextVar[Flow | None] = contextvars.ContextVar("flow_of_work", default=None)
_proving: contextvars.ContextVar[bool] = contextvars.ContextVar("identity_proof", default=False)


@contextlib.contextmanager
def identity_proof() -> Iterator[None]:
    """Allow, for the proof that two addresses reach two databases, one transaction in each."""
    token = _proving.set(True)
    try:
        yield
    finally:
        _proving.reset(token)


def begin_flow() -> None:
    """Start a flow of work whose connections are watched together, such as one request."""
    _current.set(Flow())


def _flow() -> Flow:
    flow = _current.get()
    if flow is None:
        flow = Flow()
        _current.set(flow)
    return flow


def one_at_a_time(connection: DatabaseConnection) -> None:
    """Refuse to work on one database while this flow has a transaction open in the other.

    The connection counts as open from here on, so that two threads of one flow cannot both pass;
    `DatabaseConnection.wait` takes the claim back when its server has answered.
    """
    flow = _flow()
    with flow.lock:
        if not flow.holds_only(connection):
            if not _proving.get():
                _refuse_other(flow, connection.database)
            if connection.flow is not flow:
                flow.add(connection)
        connection.claimed = True


def may_open(database: Database) -> None:
    """Refuse a connection to one database while this flow has a transaction open in the other."""
    if not _proving.get():
        flow = _flow()
        with flow.lock:
            _refuse_other(flow, database)


def _refuse_other(flow: Flow, database: Database) -> None:
    for other in flow.open():
        if other.database is not database:
            raise CrossDatabaseTransactionError(
                f"A transaction of the {other.database} database is open here. Commit or roll it"
                f" back before asking the {database} database: no transaction spans both, so a"
                " failure in between would leave them different."
            )


def nothing_open(what: str) -> None:
    """Refuse to do something slow, such as asking a model, while a transaction is open."""
    flow = _flow()
    with flow.lock:
        for connection in flow.open():
            raise CrossDatabaseTransactionError(
                f"A transaction of the {connection.database} database is open here. Finish it before"
                f" {what}: it would hold locks for as long as that takes."
            )
