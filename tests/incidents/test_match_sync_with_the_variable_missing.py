"""2026-02-17: the worker lacked RECIPROCITY_BACKEND_DB_URL, and match sync wrote nowhere."""

from __future__ import annotations

import pytest

from app.databases.names import Database
from app.services import match_sync
from tests.conftest import Pair, Reciprocity, Run
from tests.people import People

MISSING = "RECIPROCITY_BACKEND_DB_URL"
# A broker nobody listens at: who asks for it before the variables has not checked them first.
BROKER = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize("service", ["worker", "serve"])
def test_a_service_lacking_the_variable_exits_at_once_and_names_it(
    pair: Pair, run: Run, service: str
) -> None:
    environment = pair.environment | BROKER
    del environment[MISSING]
    ended = run(["-m", "app.cli.main", service], environment, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{MISSING} is missing: the address of the backend database")
    assert "Set it in " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["worker", "serve", "match-sync", "migrate", "matches"])
@pytest.mark.parametrize("variable", ["DATABASE_URL", MISSING])
@pytest.mark.parametrize("value", [None, "", "   "], ids=["unset", "empty", "blank"])
def test_every_command_lacking_either_variable_names_it_and_changes_nothing(
    read_only_pair: Pair, reciprocity: Reciprocity, command: str, variable: str, value: str | None
) -> None:
    environment = read_only_pair.environment | BROKER
    del environment[variable]
    if value is not None:
        environment[variable] = value
    arguments = [command] + (["ann@example.org"] if command == "matches" else [])
    ended = reciprocity(*arguments, environment=environment)
    assert ended.status == 1
    assert ended.stderr.startswith(variable)
    assert ended.stdout == ""


def test_nothing_on_localhost_is_taken_in_the_place_of_the_variable(
    read_only_pair: Pair, reciprocity: Reciprocity
) -> None:
    environment = read_only_pair.environment | BROKER
    backend = environment.pop(MISSING)
    environment |= {"PGHOST": "127.0.0.1", "PGPORT": str(read_only_pair.servers.backend.port)}
    environment |= {"RECIPROCITY_BACKEND_DB_ULR": backend}
    ended = reciprocity("worker", environment=environment)
    assert ended.status == 1
    assert "RECIPROCITY_BACKEND_DB_URL" in ended.stderr
    assert "postgres:postgres" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("command", ["worker", "serve", "match-sync"])
@pytest.mark.parametrize("mistake", ["both at the AI database", "both at the backend", "swapped"])
def test_a_service_with_both_variables_at_one_database_or_swapped_ends_at_once(
    matched_pair: Pair, reciprocity: Reciprocity, command: str, mistake: str
) -> None:
    before = matched_pair.contents()
    ai, backend = matched_pair.environment["DATABASE_URL"], matched_pair.environment[MISSING]
    environment = {
        "both at the AI database": {"DATABASE_URL": ai, MISSING: ai},
        "both at the backend": {"DATABASE_URL": backend, MISSING: backend},
        "swapped": {"DATABASE_URL": backend, MISSING: ai},
    }[mistake]
    ended = reciprocity(command, environment=environment | BROKER)
    assert ended.status == 1
    assert "DATABASE_URL" in ended.stderr
    assert MISSING in ended.stderr
    assert ended.stdout == ""
    assert matched_pair.contents() == before


def test_match_sync_writes_matches_into_the_backend_database(people: People, pair: Pair) -> None:
    people.crowd(4)
    people.relay.look()
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM matches") == "6"
    tables = pair.sql(Database.AI, "SELECT relname FROM pg_stat_user_tables").split()
    assert not {"matches", "users", "user_summaries"} & set(tables)


def test_a_match_sync_whose_backend_went_away_fails_and_never_reports_success(
    people: People, pair: Pair
) -> None:
    people.crowd(3)
    people.relay.look()
    before = pair.contents()
    job = match_sync.MatchJob(people.embedder, None, trigger="test")
    for step in match_sync.STEPS[:-1]:
        step.run(people.databases, job)
    pair.sql(Database.BACKEND, "ALTER TABLE matches RENAME TO matches_gone")
    with pytest.raises(Exception, match='relation "matches" does not exist'):
        match_sync.STEPS[-1].run(people.databases, job)
    pair.sql(Database.BACKEND, "ALTER TABLE matches_gone RENAME TO matches")
    after = pair.contents()
    assert {k: v for k, v in after.items() if k != "matching_runs"} == {
        k: v for k, v in before.items() if k != "matching_runs"
    }
