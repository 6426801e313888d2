"""Ask one database, or the network, while a transaction of the other one is open."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import transactions
from app.databases.connections import DatabaseConnection
from app.databases.errors import CrossDatabaseTransactionError
from app.databases.names import Database
from app.score.model import Result, Wall
from app.score.shapes import ENTRY

Open = contextlib.AbstractContextManager[object]
_READ: Final = {Database.AI: "TABLE embeddings", Database.BACKEND: "TABLE users"}
_FAILS: Final = b"SELECT 1 / 0 FROM pg_class"
_numbers = itertools.count(1_000_000)


@contextlib.contextmanager
def _asked(connection: DatabaseConnection, text: str) -> Iterator[None]:
    ENTRY["execute"](connection, text)
    yield


@contextlib.contextmanager
def _failed(connection: DatabaseConnection, _: str) -> Iterator[None]:
    with contextlib.suppress(psycopg.Error):
        connection.execute(_FAILS)
    yield


@contextlib.contextmanager
def _pipeline(connection: DatabaseConnection, text: str) -> Iterator[None]:
    with connection.pipeline():
        connection.execute(text.encode())
        yield


@contextlib.contextmanager
def _cursor(connection: DatabaseConnection, text: str) -> Iterator[None]:
    with connection.cursor(name="score_open") as cursor:
        cursor.execute(text.encode())
        yield


STATES: Final[dict[str, Callable[[DatabaseConnection, str], Open]]] = {
    "a statement was sent": _asked,
    "a transaction was begun and nothing said": lambda connection, _: connection.transaction(),
    "a statement failed": _failed,
    "a pipeline is open": _pipeline,
    "a server-side cursor is open": _cursor,
}


def run(adapter: PostgreSQLAdapter, every: int = 1) -> Iterator[Result]:
    """Try every way to ask the one while the other is open, and every way one after the other."""
    step = itertools.count()
    for database in Database:
        for state, opened in STATES.items():
            first, second = _connection(adapter, database), _connection(adapter, database.other)
            for what, act in _acts(adapter, second).items():
                if next(step) % every:
                    continue
                yield _tried(first, state, opened, what, act)
                if state.startswith("a statement was"):
                    yield _after(first, second, what, act)
            first.close()
            second.close()


def _connection(adapter: PostgreSQLAdapter, database: Database) -> DatabaseConnection:
    if database is Database.AI:
        return adapter.get_connection()
    return adapter.get_backend_connection()


Act = Callable[[str], object]


def _acts(adapter: PostgreSQLAdapter, second: DatabaseConnection) -> dict[str, Act]:
    def transaction(_: str) -> None:
        with second.transaction():
            pass

    def in_a_thread(text: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            context = contextvars.copy_context()
            pool.submit(context.run, ENTRY["execute"], second, text).result()

    def from_the_adapter(_: str) -> None:
        with adapter.ai() if second.database is Database.AI else adapter.backend():
            pass

    acts: dict[str, Act] = {
        entry: lambda text, entry=entry: ENTRY[entry](second, text)  # type: ignore[misc] # bound now
        for entry in ENTRY
        if entry != "copy"
    }
    return acts | {
        "copy": lambda text: ENTRY["copy"](second, f"COPY ({text}) TO STDOUT"),
        "a transaction": transaction,
        "a thread of the same flow": in_a_thread,
        "a connection of the adapter": from_the_adapter,
        "a model or the network": lambda _: transactions.nothing_open("asking a model"),
    }


def _tried(
    first: DatabaseConnection,
    state: str,
    opened: Callable[[DatabaseConnection, str], Open],
    what: str,
    act: Act,
) -> Result:
    number = next(_numbers)
    text = f"{_READ[first.database.other]} /* score {number} */"
    caught: Wall | None = None
    transactions.begin_flow()
    with (
        contextlib.suppress(psycopg.Error),
        opened(first, _READ[first.database]),
    ):
        try:
            act(text)
        except CrossDatabaseTransactionError:
            caught = "one transaction"
    first.rollback()
    family = "the other database, a model or the network inside a transaction"
    return Result(family, f"{first.database}: {state}; then {what}", caught, number=number)


def _after(first: DatabaseConnection, second: DatabaseConnection, what: str, act: Act) -> Result:
    number = next(_numbers)
    text = f"{_READ[second.database]} /* score {number} */"
    transactions.begin_flow()
    ENTRY["execute"](first, _READ[first.database])
    first.commit()
    caught: Wall | None = None
    try:
        act(text)
    except CrossDatabaseTransactionError:
        caught = "one transaction"
    second.rollback()
    sends = what not in {"a transaction", "a connection of the adapter", "a model or the network"}
    family = "one database after the other"
    result = Result(family, what, caught, right=True, number=number if sends else 0)
    result.reached = not sends
    return result
