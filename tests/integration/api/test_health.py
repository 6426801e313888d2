"""Health is told from the data: who asks learns of each database whether it can be worked on."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app.adapters import migrations
from app.adapters.revisions import all_newest, newest
from app.databases.errors import DatabaseUnavailableError, IdentityError
from app.databases.names import Database
from app.services.health import MigrationMissingError
from tests.conftest import Pair
from tests.integration.api.conftest import Serve, lock_out
from tests.people import People


def _set_back(pair: Pair, database: Database) -> None:
    pair.sql(database, f"UPDATE {database.version_table} SET version_num = '0001'")


def test_the_process_says_that_it_lives(client: TestClient) -> None:
    answer = client.get("/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"status": "live"}


def test_ready_names_both_databases_with_their_revisions_and_the_waiting_work(
    client: TestClient,
) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "ready"
    for database in Database:
        assert told[database.value]["status"] == "ready"
        assert told[database.value]["revision"] == newest(database)
    assert told["outbox"]["pending"] == told["outbox"]["dead"] == 0


def test_the_newest_revision_is_the_one_that_alembic_takes_for_it() -> None:
    assert all_newest() == {database: migrations.head(database) for database in Database}


@pytest.mark.parametrize("down", list(Database))
def test_with_one_database_down_the_answer_is_503_and_names_that_one(
    serve: Serve, pair: Pair, down: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 1.0)
    client = serve(pair)
    assert client.get("/health/ready").status_code == 200
    lock_out(pair, down)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    told = answer.json()
    assert told["status"] == "not ready"
    assert told[down.value]["status"] == "not ready"
    assert f"the {down} database" in told[down.value]["wrong"]
    assert down.variable in told[down.value]["wrong"]
    assert told[down.other.value]["status"] == "ready"
    for secret in ("reciprocity_pass", "postgres:postgres"):
        assert secret not in answer.text
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("behind", list(Database))
def test_with_a_migration_missing_the_answer_is_503_and_says_what_to_run(
    serve: Serve, pair: Pair, behind: Database
) -> None:
    client = serve(pair)
    _set_back(pair, behind)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    wrong = answer.json()[behind.value]["wrong"]
    assert "is at revision 0001" in wrong
    assert "reciprocity migrate" in wrong


@pytest.mark.parametrize("behind", list(Database))
def test_the_api_does_not_start_where_a_migration_is_missing(
    serve: Serve, pair: Pair, behind: Database
) -> None:
    _set_back(pair, behind)
    with pytest.raises(MigrationMissingError, match=f"{behind} database .*reciprocity migrate"):
        serve(pair)


@pytest.mark.parametrize("down", list(Database))
def test_the_api_does_not_start_without_both_databases(
    serve: Serve, pair: Pair, down: Database
) -> None:
    lock_out(pair, down)
    with pytest.raises(DatabaseUnavailableError, match=f"the {down} database"):
        serve(pair)


@pytest.mark.parametrize("unmarked", list(Database))
def test_the_api_does_not_start_on_a_database_that_is_not_marked(
    serve: Serve, pair: Pair, unmarked: Database
) -> None:
    pair.sql(unmarked, f"DROP TABLE {unmarked.identity_table}")
    with pytest.raises(IdentityError, match=unmarked.variable):
        serve(pair)


def test_failed_and_waiting_work_is_counted(serve: Serve, people: People, pair: Pair) -> None:
    people.crowd(2)
    people.join("Ill", ["poison"], ["help"])
    people.relay.look()
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead' WHERE state = 'pending'")
    people.join("Late", ["help"], ["help"])
    told = serve(pair).get("/health/ready").json()["outbox"]
    assert (told["pending"], told["dead"]) == (1, 1)
    assert told["oldest_seconds"] >= 0
