"""Nothing is migrated, read in or served on a database that is not marked as what it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.databases.names import Database
from tests.conftest import Pair, Reciprocity

COMMANDS = ["migrate", "import", "matches", "match-sync", "serve", "worker"]


@pytest.fixture
def members(tmp_path: Path) -> str:
    path = tmp_path / "members.jsonl"
    path.write_text(json.dumps({"email": "new@example.org", "needs": ["tax"]}), encoding="utf-8")
    return str(path)


def _run(reciprocity: Reciprocity, name: str, members: str, environment: dict[str, str]) -> str:
    """Run a command that must fail; give what it said."""
    arguments = {"import": [members, "--approve"], "matches": ["a@example.org"]}.get(name, [])
    broker = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    ended = reciprocity(name, *arguments, environment=environment | broker)
    assert ended.status == 1, name
    assert ended.stdout == ""
    return ended.stderr


@pytest.mark.parametrize("database", list(Database))
def test_nothing_works_on_a_database_whose_marker_is_gone(
    pair: Pair, reciprocity: Reciprocity, members: str, database: Database
) -> None:
    pair.sql(database, f"DROP TABLE {database.identity_table}")
    before = pair.contents()
    for name in COMMANDS:
        assert database.variable in _run(reciprocity, name, members, pair.environment)
    assert pair.contents() == before


@pytest.mark.parametrize("database", list(Database))
def test_nothing_works_on_a_database_of_somebody_elses_tables(
    empty_pair: Pair, reciprocity: Reciprocity, members: str, database: Database
) -> None:
    empty_pair.sql(database, "CREATE TABLE invoices (id int); INSERT INTO invoices VALUES (1)")
    before = empty_pair.contents()
    for name in COMMANDS:
        _run(reciprocity, name, members, empty_pair.environment)
    assert "invoices" in before
    assert empty_pair.contents() == before


def test_nothing_works_on_a_swapped_pair(
    pair: Pair, reciprocity: Reciprocity, members: str
) -> None:
    before = pair.contents()
    swapped = {
        "DATABASE_URL": pair.settings.backend_database_url,
        "RECIPROCITY_BACKEND_DB_URL": pair.settings.database_url,
    }
    for name in COMMANDS:
        said = _run(reciprocity, name, members, swapped)
        assert "swapped" in said or "DATABASE_URL" in said
    assert pair.contents() == before
