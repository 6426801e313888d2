"""Every service refuses, in words and before it touches a row, two databases that are no pair."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.databases.names import Database
from tests.conftest import Pair, Run
from tests.forwarding import forwarded

AI, BACKEND = Database.AI, Database.BACKEND
_TOUCHES = re.compile(
    r"(?i)\b(from|into|update|join|copy)\s+(users|user_summaries|outbox|embeddings)\b"
)


@dataclass(frozen=True)
class Services:
    """Start every service at once with the same variables, and hear what each says."""

    run: Run
    logs: tuple[Path, ...]
    folder: Path

    def refuse(self, variables: dict[str, str], *, only: str = "") -> list[str]:
        members = self.folder / "members.jsonl"
        members.write_text('{"email": "a@example.org", "needs": ["x"], "offers": ["y"]}\n')
        begun = [log.stat().st_size for log in self.logs]
        commands = [["serve"], ["worker"], ["import", str(members)]]
        commands = [command for command in commands if only in ("", command[0])]
        more = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "API_PORT": "0"}
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(lambda c: self.run(["-m", "app.cli.main", *c], variables | more), commands)
            )
        for command, answer in zip(commands, answers, strict=True):
            assert answer.returncode != 0, (command, answer.stdout, answer.stderr)
        for log, begin in zip(self.logs, begun, strict=True):
            with log.open(encoding="utf-8", errors="replace") as lines:
                lines.seek(begin)
                assert not _TOUCHES.search(lines.read())
        said = [answer.stdout + answer.stderr for answer in answers]
        assert not any("_pass@" in text or ":postgres@" in text for text in said)
        return said


@pytest.fixture
def services(run: Run, pair: Pair, tmp_path: Path) -> Services:
    return Services(run, (pair.servers.ai.log, pair.servers.backend.log), tmp_path)


def _mark(pair: Pair, database: Database, what: str) -> None:
    pair.sql(database, f"UPDATE {database.identity_table} SET {what};")


def test_swapped_addresses_are_told_apart_by_what_the_databases_say(
    pair: Pair, services: Services
) -> None:
    ai, backend = pair.environment["DATABASE_URL"], pair.environment["RECIPROCITY_BACKEND_DB_URL"]
    for said in services.refuse({"DATABASE_URL": backend, "RECIPROCITY_BACKEND_DB_URL": ai}):
        assert "Are the two swapped?" in said
        assert "DATABASE_URL reaches the backend database" in said


def test_a_staging_database_beside_a_production_one_is_refused(
    pair: Pair, services: Services
) -> None:
    _mark(pair, AI, "environment = 'staging'")
    _mark(pair, BACKEND, "environment = 'production'")
    for said in services.refuse(pair.environment):
        assert "DATABASE_URL reaches a database of the staging environment" in said
        assert "RECIPROCITY_BACKEND_DB_URL one of production" in said


@pytest.mark.parametrize("database", list(Database))
def test_the_database_of_another_installation_is_refused(
    pair: Pair, services: Services, database: Database
) -> None:
    _mark(pair, database, "pair_id = '00000000-0000-4000-8000-000000000001'")
    for said in services.refuse(pair.environment, only="import"):
        assert "another installation, or a restored copy" in said
        assert "00000000-0000-4000-8000-000000000001" in said


@pytest.mark.parametrize("database", list(Database))
def test_a_database_without_a_marker_is_refused(
    pair: Pair, services: Services, database: Database
) -> None:
    pair.sql(database, f"DROP TABLE {database.identity_table};")
    for said in services.refuse(pair.environment):
        assert f"{database.variable} reaches does not say which one it is" in said
        assert f"reciprocity adopt {database}" in said


@pytest.mark.parametrize("database", list(Database))
def test_a_marker_that_names_the_other_database_is_refused(
    pair: Pair, services: Services, database: Database
) -> None:
    table = database.identity_table
    pair.sql(database, f"ALTER TABLE {table} DROP CONSTRAINT {table}_role_check;")
    _mark(pair, database, f"role = '{database.other}'")
    for said in services.refuse(pair.environment, only="import"):
        assert f"calls itself {database.other}" in said


def test_a_process_of_another_environment_is_refused(pair: Pair, services: Services) -> None:
    for said in services.refuse(
        pair.environment | {"RECIPROCITY_ENVIRONMENT": "production"}, only="import"
    ):
        assert "of the test environment, and this process runs in production" in said


def test_one_database_behind_two_addresses_is_found_by_its_locks(
    pair: Pair, services: Services
) -> None:
    marker = pair.sql(AI, "SELECT environment || ''',''' || pair_id FROM ai_identity;")
    pair.sql(
        AI,
        "CREATE TABLE backend_identity (role text, environment text, pair_id uuid);"
        f"INSERT INTO backend_identity VALUES ('backend', '{marker}');"
        "GRANT SELECT ON backend_identity TO reciprocity_user;",
    )
    here = pair.environment["DATABASE_URL"]
    port = pair.servers.ai.port
    with forwarded(port) as other_port, forwarded(port, host="127.0.0.2") as elsewhere:
        for alias in (
            f"127.0.0.1:{other_port}",
            f"127.0.0.2:{elsewhere}",
            f"localhost:{other_port}",
        ):
            there = here.replace(f"127.0.0.1:{port}", alias)
            variables = {"DATABASE_URL": here, "RECIPROCITY_BACKEND_DB_URL": there}
            for said in services.refuse(variables, only="import"):
                assert "reach the same database by two names" in said
