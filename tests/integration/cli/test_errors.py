"""What goes wrong is told in words with what to do, ends not zero, and leaves the data as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.databases.names import Database
from tests.conftest import Ended, Pair, Reciprocity

SECRETS = (
    "reciprocity_pass",
    "postgres:postgres",
    "wr0ng-Secret",
    "bro+ker%2Fsecret",
    "bro+ker/secret",
)
Command = Callable[..., Ended]


def _altered(pair: Pair, database: Database, pattern: str, instead: str) -> dict[str, str]:
    address = pair.environment[database.variable]
    return pair.environment | {database.variable: re.sub(pattern, instead, address, count=1)}


@pytest.fixture
def members(tmp_path: Path) -> str:
    path = tmp_path / "members.jsonl"
    path.write_text(json.dumps({"email": "new@example.org", "needs": ["tax"]}), encoding="utf-8")
    return str(path)


@pytest.fixture(params=["import", "matches", "match-sync", "migrate", "serve", "worker"])
def command(request: pytest.FixtureRequest, reciprocity: Reciprocity, members: str) -> Command:
    arguments = {
        "import": ["import", members, "--approve"],
        "matches": ["matches", "marisol.etcheverry@surcohumedo.example"],
    }.get(request.param, [request.param])

    def call(environment: dict[str, str]) -> Ended:
        broker = {"CELERY_BROKER_URL": "redis://:bro+ker%2Fsecret@127.0.0.1:1/0"}
        return reciprocity(*arguments, environment=broker | environment)

    return call


def _refused(ended: Ended, *words: str) -> None:
    assert ended.status == 1
    assert ended.stdout == ""
    for word in words:
        assert word in ended.stderr
    for secret in SECRETS:
        assert secret not in ended.stdout + ended.stderr


@pytest.mark.parametrize("database", list(Database))
def test_a_database_that_cannot_be_reached_is_named_with_its_variable(
    read_only_pair: Pair, command: Command, database: Database
) -> None:
    ended = command(environment=_altered(read_only_pair, database, r":\d+/", ":1/"))
    _refused(ended, f"the {database} database", database.variable, "Connection refused")
    assert "reciprocity status" in ended.stderr


@pytest.mark.parametrize("database", list(Database))
def test_a_wrong_password_is_told_and_not_shown(
    read_only_pair: Pair, command: Command, database: Database
) -> None:
    wrong = _altered(read_only_pair, database, r":[a-z_]+@", ":wr0ng-Secret@")
    _refused(command(environment=wrong), f"the {database} database", database.variable)
    assert "wr0ng-Secret" not in read_only_pair.log(database)


@pytest.mark.parametrize("database", list(Database))
def test_a_database_that_does_not_exist_is_named(
    read_only_pair: Pair, command: Command, database: Database
) -> None:
    ended = command(environment=_altered(read_only_pair, database, r"/\w+$", "/nowhere"))
    _refused(ended, f"the {database} database", database.variable, "nowhere")


@pytest.mark.parametrize("database", list(Database))
def test_an_address_that_is_none_is_told_without_repeating_it(
    read_only_pair: Pair, command: Command, database: Database
) -> None:
    for address in (
        "wr0ng-Secret",
        "postgresql://u:wr0ng-Secret@h:%zz/db",
        "http://u:wr0ng-Secret@h/",
    ):
        _refused(
            command(environment=read_only_pair.environment | {database.variable: address}),
            database.variable,
        )


@pytest.mark.parametrize("database", list(Database))
@pytest.mark.parametrize("name", ["import", "matches", "match-sync", "serve", "worker"])
def test_a_missing_migration_is_told_and_nothing_is_changed(
    matched_pair: Pair, reciprocity: Reciprocity, members: str, database: Database, name: str
) -> None:
    table = database.version_table
    matched_pair.sql(database, f"UPDATE {table} SET version_num = '0001'")
    before = matched_pair.contents()
    arguments = {
        "import": [members, "--approve"],
        "matches": ["marisol.etcheverry@surcohumedo.example"],
    }.get(name, [])
    environment = matched_pair.environment | {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    ended = reciprocity(name, *arguments, environment=environment)
    _refused(ended, f"The {database} database", "is at revision 0001", "reciprocity migrate")
    assert matched_pair.contents() == before


@pytest.mark.parametrize("name", ["import", "matches", "match-sync", "serve", "worker"])
def test_on_empty_databases_the_command_to_run_is_named(
    empty_pair: Pair, reciprocity: Reciprocity, members: str, name: str
) -> None:
    arguments = {"import": [members], "matches": ["ann@example.org"]}.get(name, [])
    environment = empty_pair.environment | {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    ended = reciprocity(name, *arguments, environment=environment)
    _refused(ended, "reciprocity migrate")
    assert empty_pair.contents() == {}


def test_no_password_stands_in_any_log_or_output_of_a_whole_day(
    pair: Pair, reciprocity: Reciprocity, members: str
) -> None:
    environment = pair.environment | {
        "CELERY_BROKER_URL": "redis://:bro+ker%2Fsecret@127.0.0.1:1/0",
        "API_KEY": "api-Secret",
    }
    said = [
        reciprocity(*arguments, environment=environment)
        for arguments in (
            ["migrate"],
            ["import", members, "--approve"],
            ["import", members],
            ["matches", "new@example.org", "--json"],
            ["match-sync"],
            ["import", "--help"],
        )
    ]
    assert [ended.status for ended in said] == [0] * len(said)
    text = "".join(ended.stdout + ended.stderr for ended in said)
    logs = pair.log(Database.AI) + pair.log(Database.BACKEND)
    assert "INSERT INTO users" in logs
    for secret in (*SECRETS, "api-Secret"):
        assert secret not in text
        assert secret not in logs
