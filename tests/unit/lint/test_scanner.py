"""Every way in which a statement may stand in Python, and whose it is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from app.databases.names import Database
from app.lint.scanner import SqlStatement, scan
from app.lint.source import UnreadableError
from tests.unit.lint.written import WRITTEN


def scanned(folder: Path, source: str, name: str = "module.py") -> list[SqlStatement]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return scan([folder])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_statement_is_found_with_its_database(name: str, tmp_path: Path) -> None:
    source, expected = WRITTEN[name]
    found = scanned(tmp_path, source)
    assert sorted((sorted(s.databases), s.text) for s in found) == sorted(
        (sorted(databases), text) for databases, text in expected
    )
    assert [s for s in found if s.dynamic and s.known] == []


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("def f(ai, t): ai.execute(f'SELECT 1 FROM {t}')", "SELECT 1 FROM unknown"),
        ("def f(ai, t): ai.execute('SELECT 1 FROM %s' % t)", "SELECT 1 FROM unknown"),
        ("def f(ai, t): ai.execute('SELECT 1 FROM {}'.format(t))", "SELECT 1 FROM unknown"),
        ("def f(ai, t): ai.execute('SELECT 1 FROM ' + t)", "SELECT 1 FROM unknown"),
        (
            "def f(ai, t): ai.execute(sql.SQL('SELECT {} FROM x').format(sql.Identifier(t)))",
            'SELECT "unknown" FROM x',
        ),
        (
            "def f(ai, n): ai.execute(sql.SQL('SELECT {n}::int').format(n=sql.Literal(n)))",
            "SELECT 1::int",
        ),
    ],
)
def test_a_text_known_only_when_it_runs_is_marked(tmp_path: Path, source: str, text: str) -> None:
    (found,) = scanned(tmp_path, source)
    assert (found.text, found.dynamic) == (text, True)


@pytest.mark.parametrize(
    "source",
    [
        "client.stream('POST', url)",
        "values.copy()",
        "shutil.copy('a', 'b')",
        "executor.execute(job)",
        "text('hello')",
        "pipeline.execute()",
    ],
)
def test_what_sends_no_sql_is_no_statement(tmp_path: Path, source: str) -> None:
    assert scanned(tmp_path, source) == []


def test_a_folder_says_whose_its_migrations_are(tmp_path: Path) -> None:
    source = """
        from alembic import op
        TABLES = ('b', 'c')
        def upgrade():
            op.execute('CREATE TABLE a (id int)')
            for table in TABLES:
                op.execute(f'DROP TABLE {table}')
    """
    scanned(tmp_path, source, "migrations/ai/versions/0001.py")
    found = scanned(tmp_path, source, "migrations/backend/versions/0001.py")
    assert [(s.path.parts[-3], s.database, s.kind) for s in found] == [
        *[("ai", Database.AI, "migration")] * 3,
        *[("backend", Database.BACKEND, "migration")] * 3,
    ]


def test_constants_and_helpers_are_followed_through_imports(tmp_path: Path) -> None:
    scanned(tmp_path, "BY_ID = 'SELECT 1 FROM users WHERE id = %s'", "shop/queries.py")
    scanned(
        tmp_path,
        """
        class Base:
            def fetch(self, query):
                return self.get_connection().cursor().execute(query)
        def count(conn, query):
            return conn.execute(query)
        """,
        "shop/base.py",
    )
    found = scanned(
        tmp_path,
        """
        from shop import queries
        from shop.base import Base, count
        from .queries import BY_ID
        class Users(Base):
            def one(self):
                return self.fetch(queries.BY_ID)
            def all(self):
                return count(self.get_backend_connection(), BY_ID)
        """,
        "shop/users.py",
    )
    assert [(s.line, s.database) for s in found if s.path.name == "users.py"] == [
        (7, Database.AI),
        (9, Database.BACKEND),
    ]


def test_the_place_is_where_the_call_stands(tmp_path: Path) -> None:
    (found,) = scanned(
        tmp_path,
        """
        def f(ai):
            return (
                ai.cursor()
                .execute('SELECT 1')
            )
        """,
    )
    assert found.place == f"{tmp_path / 'module.py'}:5:10"


def test_a_file_that_is_no_python_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"module\.py: this is no Python"):
        scanned(tmp_path, "def (:")


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="nowhere"):
        scan([tmp_path / "nowhere"])


def test_other_peoples_packages_in_a_folder_are_left_alone(tmp_path: Path) -> None:
    statement = "def f(ai): ai.execute('SELECT 1')"
    scanned(tmp_path, statement, "venv/lib/site-packages/theirs.py")
    assert scanned(tmp_path, statement, ".hidden/theirs.py") == []
