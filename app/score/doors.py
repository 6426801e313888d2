"""Connections opened past the one door, as somebody in a hurry would write them."""

from __future__ import annotations

import ast
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import WrongDatabaseError
from app.lint.doors import openings
from app.lint.linter import lint
from app.score.model import Result, Wall

_FAMILY: Final = "a connection past the one door"
_WRONG: Final = "UPDATE users SET onboarding_status = 'completed'"
_RIGHT: Final = "DELETE FROM embeddings"
OPENINGS: Final = (
    ("import psycopg", "psycopg.connect(url)"),
    ("import psycopg as driver", "driver.connect(url)"),
    ("from psycopg import connect", "connect(url)"),
    ("from psycopg import connect as dial", "dial(url)"),
    ("import psycopg", "psycopg.Connection.connect(url)"),
    ("from psycopg import Connection", "Connection.connect(url)"),
    ("import psycopg", "psycopg.AsyncConnection.connect(url)"),
    ("import psycopg2", "psycopg2.connect(url)"),
    ("from psycopg2 import connect", "connect(url)"),
    ("import asyncpg", "asyncpg.connect(url)"),
    ("from psycopg_pool import ConnectionPool", "ConnectionPool(url).getconn()"),
    ("import psycopg_pool", "psycopg_pool.ConnectionPool(url).getconn()"),
    ("from sqlalchemy import create_engine", "create_engine(url).connect()"),
    ("import sqlalchemy", "sqlalchemy.create_engine(url).connect()"),
    ("from app.databases.connections import AIConnection", "AIConnection.connect(url)"),
    ("from app.databases.connections import BackendConnection", "BackendConnection.connect(url)"),
    ("from psycopg.pq import PGconn", "PGconn.connect(url)"),
)
EVASIONS: Final = (
    ("", "ai.pgconn.exec_"),
    ("import psycopg", "psycopg.Cursor(ai).execute"),
    ("import psycopg as driver", "driver.ServerCursor(ai, 'x').execute"),
    ("from psycopg import ClientCursor", "ClientCursor(ai).execute"),
    ("from psycopg import RawCursor as Plain", "Plain(ai).execute"),
)


def run(adapter: PostgreSQLAdapter, every: int = 1) -> Iterator[Result]:
    """Lint a file for each way past the door, with a statement of either database behind it."""
    step = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        for (imports, opening), text in itertools.product(OPENINGS, (_WRONG, _RIGHT)):
            source = (
                f'{imports}\n\n\ndef work(url: str) -> None:\n    {opening}.execute("{text}")\n'
            )
            if not next(step) % every:
                yield _linted(Path(folder), f"{opening} after {imports}, {text}", source)
        for imports, send in EVASIONS:
            yield _linted(Path(folder), f"{send} after {imports}", _past(imports, send))
    yield _foreign(adapter)


def _foreign(adapter: PostgreSQLAdapter) -> Result:
    """Send by a cursor that was made for the other database's connection."""
    ai, backend = adapter.get_connection(), adapter.get_backend_connection()
    caught: Wall | None = None
    try:
        type(backend.cursor())(ai).execute(_WRONG)
    except WrongDatabaseError:
        caught = "guard"
    finally:
        ai.close()
        backend.close()
    stops: frozenset[Wall] = frozenset({"the server"})
    return Result(_FAMILY, "a cursor of the other connection", caught, stops)


def _past(imports: str, send: str) -> str:
    return (
        f"{imports}\nfrom app.databases.connections import AIConnection\n\n\n"
        f'def work(ai: AIConnection) -> None:\n    {send}(b"{_WRONG}")\n'
    )


def _linted(folder: Path, name: str, source: str) -> Result:
    path = folder / "hurry.py"
    path.write_text(source, encoding="utf-8")
    codes = {finding.code for finding in lint([path])}
    # The code base itself is held to both: no connection opened, no guarded cursor got past.
    opened = [found.what for found in openings(ast.walk(ast.parse(source)))]
    caught: Wall | None = "one door" if opened else None
    backups: set[Wall] = {"proof"} if "RDB001" in codes else set()
    if _WRONG in source:
        backups.add("the server")  # the AI database has no such table
    return Result(_FAMILY, name, caught, frozenset(backups), note=str(codes))
