"""Both histories go up, down and up again, step by step, each on its own database alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.adapters import migrations
from app.adapters.migrations import downgrade, migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.revisions import newest
from app.databases import dictionary
from app.databases.errors import StatementRefusedError, WrongDatabaseError
from app.databases.names import Database
from app.embedded.provisioning import client_environment
from tests.conftest import ROOT, Pair, Reciprocity


@pytest.fixture
def empty(empty_pair: Pair) -> Iterator[PostgreSQLAdapter]:
    made = PostgreSQLAdapter(empty_pair.settings)
    yield made
    made.close()


def _revisions(database: Database) -> list[str]:
    """List a history's revisions, the oldest first."""
    scripts = ScriptDirectory(str(migrations.FOLDER / database.value))
    return [step.revision for step in reversed(list(scripts.walk_revisions()))]


def _shape(pair: Pair, database: Database) -> str:
    """Write down tables, columns, constraints, indexes and types as pg_dump sees them."""
    server = pair.server(database)
    dumped = subprocess.run(
        [
            *(str(server.binaries.program("pg_dump")), "--schema-only", "--no-owner"),
            *("--host=127.0.0.1", f"--port={server.port}", f"--username={server.superuser}"),
            pair.name,
        ],
        env=client_environment(server.password),
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"^\\(un)?restrict .*$", "", dumped.stdout, flags=re.MULTILINE)


def _tables(pair: Pair, database: Database) -> set[str]:
    query = "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'"
    return set(pair.sql(database, query).split())


def _revision(pair: Pair, database: Database) -> str:
    return pair.sql(database, f"SELECT version_num FROM {database.version_table}")


@pytest.mark.parametrize("database", list(Database))
def test_a_history_is_numbered_without_a_gap_and_without_a_fork(database: Database) -> None:
    numbers = [f"{number:04}" for number in range(1, len(_revisions(database)) + 1)]
    assert _revisions(database) == numbers
    files = sorted(p.name[:4] for p in (ROOT / "migrations" / database).glob("versions/0*.py"))
    assert files == numbers
    assert newest(database) == numbers[-1]


def test_an_empty_pair_is_migrated_in_one_go_and_again_changes_nothing(
    empty: PostgreSQLAdapter, empty_pair: Pair
) -> None:
    pair_id = migrate(empty, "test")
    shapes = [_shape(empty_pair, database) for database in Database]
    before = empty_pair.contents()
    assert migrate(empty, "test") == pair_id
    assert [_shape(empty_pair, database) for database in Database] == shapes
    assert empty_pair.contents() == before
    empty.verify()


@pytest.mark.parametrize("database", list(Database))
def test_each_revision_goes_down_and_up_again_to_the_same_shape(
    empty: PostgreSQLAdapter, empty_pair: Pair, database: Database
) -> None:
    migrate(empty, "test")
    steps = _revisions(database)
    shapes = {steps[-1]: _shape(empty_pair, database)}
    other = _shape(empty_pair, database.other)
    for revision in reversed(steps[:-1]):
        downgrade(empty, database, revision)
        assert _revision(empty_pair, database) == revision
        shapes[revision] = _shape(empty_pair, database)
    assert len(set(shapes.values())) == len(steps), "every revision changes something"
    migrate(empty, "test")
    assert _revision(empty_pair, database) == steps[-1]
    assert _shape(empty_pair, database) == shapes[steps[-1]]
    assert _shape(empty_pair, database.other) == other


@pytest.mark.parametrize("database", list(Database))
def test_the_first_revision_down_leaves_nothing_but_the_version_table(
    empty: PostgreSQLAdapter, empty_pair: Pair, database: Database
) -> None:
    migrate(empty, "test")
    downgrade(empty, database, "base")
    assert _tables(empty_pair, database) == {database.version_table}
    types = "SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
    assert empty_pair.sql(database, f"{types} WHERE n.nspname = 'public' AND typtype = 'e'") == "0"


def test_a_pair_keeps_its_id_through_down_and_up_of_one_of_the_two(
    empty: PostgreSQLAdapter, empty_pair: Pair
) -> None:
    pair_id = migrate(empty, "test")
    downgrade(empty, Database.AI, "base")
    assert migrate(empty, "test") == pair_id
    marked = empty_pair.sql(Database.AI, "SELECT role, environment, pair_id FROM ai_identity")
    assert marked == f"ai|test|{pair_id}"


def test_the_marker_is_there_from_the_first_revision_on(
    empty: PostgreSQLAdapter, empty_pair: Pair
) -> None:
    migrate(empty, "test", "0001")
    for database in Database:
        assert _tables(empty_pair, database) == {database.identity_table, database.version_table}
    empty.verify()


def test_the_two_databases_share_no_table_and_hold_exactly_what_the_dictionary_declares(
    read_only_pair: Pair,
) -> None:
    found = {database: _tables(read_only_pair, database) for database in Database}
    assert not found[Database.AI] & found[Database.BACKEND]
    for database in Database:
        assert found[database] == {table.name for table in dictionary.tables_of(database)}


def test_no_column_of_the_ai_database_can_hold_a_members_words(read_only_pair: Pair) -> None:
    columns = read_only_pair.sql(
        Database.AI,
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE"
        " table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb')",
    ).split()
    allowed = {"kind", "model", "embedder", "role", "environment", "version_num", "state"}
    assert {column.rpartition(".")[2] for column in columns} <= allowed


@pytest.mark.parametrize(
    ("database", "statement", "error"),
    [
        (Database.AI, "DROP TABLE users", WrongDatabaseError),
        (Database.AI, "CREATE TABLE users (id uuid)", WrongDatabaseError),
        (Database.AI, "ALTER TABLE matches ADD COLUMN x int", WrongDatabaseError),
        (Database.BACKEND, "CREATE EXTENSION vector", WrongDatabaseError),
        (Database.BACKEND, "DROP TABLE embeddings", WrongDatabaseError),
        (Database.BACKEND, "CREATE TABLE nobody_declared (id uuid)", WrongDatabaseError),
        (Database.AI, "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$", StatementRefusedError),
    ],
)
def test_every_statement_of_a_migration_passes_the_guard(
    pair: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    statement: str,
    error: type[Exception],
) -> None:
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    planted = tmp_path / "migrations" / database / "versions" / "9999_planted.py"
    planted.write_text(
        "from alembic import op\n\n"
        f"revision = '9999'\ndown_revision = {newest(database)!r}\n\n"
        f"def upgrade():\n    op.execute({statement!r})\n\n"
        "def downgrade():\n    pass\n"
    )
    monkeypatch.setattr(migrations, "FOLDER", tmp_path / "migrations")
    before, sent = pair.contents(), len(pair.log(database))
    adapter = PostgreSQLAdapter(pair.settings)
    with pytest.raises(error):
        migrate(adapter, "test")
    adapter.close()
    assert pair.contents() == before
    assert statement not in pair.log(database)[sent:]


def test_a_migration_that_fails_in_the_middle_leaves_the_database_at_the_one_before(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    planted = tmp_path / "migrations" / "backend" / "versions" / "9999_planted.py"
    planted.write_text(
        "from alembic import op\n\n"
        f"revision = '9999'\ndown_revision = {newest(Database.BACKEND)!r}\n\n"
        "def upgrade():\n    op.execute('DELETE FROM outbox')\n"
        "    op.execute('DROP TABLE matches CASCADE')\n    raise RuntimeError('power cut')\n\n"
        "def downgrade():\n    pass\n"
    )
    monkeypatch.setattr(migrations, "FOLDER", tmp_path / "migrations")
    before = _shape(pair, Database.BACKEND)
    adapter = PostgreSQLAdapter(pair.settings)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(adapter, "test")
    adapter.close()
    assert _shape(pair, Database.BACKEND) == before
    assert _revision(pair, Database.BACKEND) == newest(Database.BACKEND)


def test_the_command_migrates_marks_and_tells_both_revisions(
    empty_pair: Pair, reciprocity: Reciprocity
) -> None:
    ended = reciprocity("migrate", environment=empty_pair.environment)
    assert ended.status == 0, ended.stderr
    for database in Database:
        assert re.search(rf"{database} +at revision {newest(database)}", ended.stdout)
    pair_id = empty_pair.sql(Database.BACKEND, "SELECT pair_id FROM backend_identity")
    assert pair_id in ended.stdout
    assert pair_id == empty_pair.sql(Database.AI, "SELECT pair_id FROM ai_identity")
