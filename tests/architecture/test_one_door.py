"""Wall five: one module opens connections, and nobody gets past its cursors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app.lint.doors import openings
from tests.architecture.proof import FAULTS, PLACES
from tests.conftest import ROOT

DOOR = "app/adapters/postgresql.py"
# The connections' own class makes the guarded cursors; a transaction's state is read, not changed.
INSIDE = ("app/databases/connections.py", "app/databases/transactions.py")
# What else is connected: a signal, and SQLAlchemy to the connection it was given.
OTHER_CONNECTS = {
    "engine.connect",  # SQLAlchemy's, over the door's own connection
    "setup_logging.connect",  # Celery's signals
    "beat_embedded_init.connect",
    "worker_process_init.connect",
    "worker_process_shutdown.connect",
    "worker_shutting_down.connect",
}


def found(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        f"{name}:{one.line}: {one.what}"
        for one in openings(ast.walk(tree))
        if not (one.kind == "evades" and name.startswith(INSIDE))
    ]


def test_only_the_adapter_opens_connections() -> None:
    files = [path for place in PLACES for path in sorted(place.rglob("*.py"))]
    outside = [p for p in files if p != ROOT / DOOR and not p.is_relative_to(FAULTS)]
    assert len(outside) > 100
    assert [line for path in outside for line in found(path)] == []


def test_nothing_else_is_connected_by_whatever_name() -> None:
    connects = {
        ast.unparse(node.func)
        for place in PLACES
        for path in sorted(place.rglob("*.py"))
        if path != ROOT / DOOR and not path.is_relative_to(FAULTS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".connect")
    }
    assert connects <= OTHER_CONNECTS, "a connection to a database is opened by the adapter alone"


def test_the_door_itself_is_seen() -> None:
    assert any("psycopg_pool" in line for line in found(ROOT / DOOR))


PLANTED = [
    "import psycopg\npsycopg.connect('')",
    "import psycopg as driver\ndriver.connect('')",
    "from psycopg import connect\nconnect('')",
    "from psycopg import connect as open_it\nopen_it('')",
    "import psycopg\npsycopg.Connection.connect('')",
    "from psycopg import AsyncConnection\nAsyncConnection.connect('')",
    "import psycopg2\npsycopg2.connect(host='x')",
    "from app.databases.connections import AIConnection\nAIConnection.connect('')",
    "from app.databases import connections\nconnections.BackendConnection.connect('')",
    "from sqlalchemy import create_engine\ncreate_engine('postgresql://x')",
    "import sqlalchemy as sa\nsa.create_engine(url)",
    "from psycopg_pool import ConnectionPool",
    "import psycopg2.pool",
    "import asyncpg",
    "from psycopg.pq import PGconn\nPGconn.connect(b'')",
    "import importlib\nimportlib.import_module('psycopg')",
    "import psycopg\ngetattr(psycopg, 'con' + 'nect')('')",
    "def f(ai):\n    ai.pgconn.exec_(b'SELECT 1')",
    "import psycopg\ndef f(ai):\n    psycopg.Cursor(ai)",
    "from psycopg import ClientCursor\ndef f(ai):\n    ClientCursor(ai)",
    "def f(ai, kind):\n    ai.cursor_factory = kind",
    "def f(door, kind):\n    door(cursor_factory=kind)",
]


@pytest.mark.parametrize("source", PLANTED)
def test_every_other_way_in_is_seen(source: str) -> None:
    assert list(openings(ast.walk(ast.parse(source))))


@pytest.mark.parametrize(
    "source",
    [
        "signal.connect(f)",
        "from psycopg import errors, sql\nfrom psycopg.rows import class_row",
        "from sqlalchemy import create_engine\ncreate_engine('postgresql+psycopg://', creator=f)",
        "def f(adapter):\n    return adapter.get_connection()",
        "with engine.connect() as opened:\n    pass",
        "import redis\nredis.ConnectionPool()",
        "from sqlalchemy import create_engine\ncreate_engine('sqlite://')",
        "getattr(settings, 'DATABASE_URL')",
    ],
)
def test_what_opens_nothing_is_left_alone(source: str) -> None:
    assert list(openings(ast.walk(ast.parse(source)))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import psycopg\n\npsycopg.connect()\n",
        "from psycopg import connect\n\nconnect()\n",
        "from psycopg_pool import ConnectionPool\n\nConnectionPool()\n",
        "import asyncpg\n\nasyncpg\n",
        "from psycopg import ClientCursor\n\nClientCursor\n",
    ],
)
def test_the_lint_rules_ban_the_drivers_own_ways_in(source: str) -> None:
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=concise"),
            *("--stdin-filename=app/services/anywhere.py", "-"),
        ],
        input=source,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "TID251" in answer.stdout
    assert "app/adapters/postgresql.py" in answer.stdout
