"""No transaction spans both databases, and nothing slow is asked while one is open."""

from __future__ import annotations

import contextlib
import contextvars
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from app.databases.errors import CrossDatabaseTransactionError

if TYPE_CHECKING:
    from app.databases.connections import DatabaseConnection

# One list for each flow of work: a thread's own, or that of a request, which the threads its
# handlers run in inherit because it is put there before they start.
_used: contextvars.ContextVar[list[weakref.ref[DatabaseConnection]] | None] = (
    contextvars.ContextVar("connections_used", default=None)
)

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
    _used.set([])


def _open() -> list[DatabaseConnection]:
    references = _used.get()
    if references is None:
        return []
    alive = [connection for reference in references if (connection := reference()) is not None]
    still = [
        connection
        for connection in alive
        if not connection.closed
        and connection.pgconn.transaction_status != TransactionStatus.IDLE
    ]
    references[:] = [weakref.ref(connection) for connection in still]
    return still


def one_at_a_time(connection: DatabaseConnection) -> None:
    """Refuse to work on one database while this flow has a transaction open in the other."""
    for other in () if _proving.get() else _open():
        if other is not connection and other.database is not connection.database:
            raise CrossDatabaseTransactionError(
                f"A transaction of the {other.database} database is open here. Commit or roll it"
                f" back before asking the {connection.database} database: no transaction spans both,"
                " so a failure in between would leave them different."
            )
    references = _used.get()
    if references is None:
        references = []
        _used.set(references)
    if not any(reference() is connection for reference in references):
        references.append(weakref.ref(connection))


def nothing_open(what: str) -> None:
    """Refuse to do something slow, such as asking a model, while a transaction is open."""
    for connection in _open():
        raise CrossDatabaseTransactionError(
            f"A transaction of the {connection.database} database is open here. Finish it before"
            f" {what}: it would hold locks for as long as that takes."
        )
