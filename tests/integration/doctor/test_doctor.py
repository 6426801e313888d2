"""The doctor tells what is wrong with a living set-up, also where hardly anything lives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from tests.conftest import Pair, Reciprocity, Run

AI, BACKEND = Database.AI, Database.BACKEND
CHECKLIST = [
    "Am I using the right database connection?",
    "Is `RECIPROCITY_BACKEND_DB_URL` set in docker-compose.yml?",
    "Is `RECIPROCITY_BACKEND_DB_URL` set in .env?",
    "Am I using `get_backend_connection()` for backend tables?",
    "Am I using `get_connection()` for AI-only data (embeddings)?",
]


@pytest.fixture
def broker(pair: Pair) -> dict[str, str]:
    redis = pair.servers.broker
    assert redis is not None
    return {"CELERY_BROKER_URL": redis.url}


def _json(reciprocity: Reciprocity, variables: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = reciprocity("doctor", "--json", environment=variables)
    assert answer.stdout, answer.stderr
    return answer.status, json.loads(answer.stdout)


def _wrong(told: dict[str, Any]) -> dict[str, str]:
    return {
        f"{one['topic']}: {one['name']}": f"{one['says']} {one['fix']}"
        for one in told["findings"]
        if one["status"] == "wrong" and one["topic"] != "checklist"
    }


def test_a_sound_set_up_is_called_sound_and_every_line_of_the_checklist_is_answered(
    pair: Pair, run: Run, broker: dict[str, str]
) -> None:
    adapter = PostgreSQLAdapter(pair.settings)
    migrate(adapter, "test")  # has both databases announce themselves, which copies do not
    adapter.close()
    # In a process of its own, which knows no variable but these.
    answer = run(["-m", "app.cli.main", "doctor", "--json"], pair.environment | broker)
    told = json.loads(answer.stdout)
    assert _wrong(told) == {}
    assert answer.returncode == 0
    assert told["sound"] is True
    answers = [one for one in told["findings"] if one["topic"] == "checklist"]
    assert [one["name"] for one in answers] == CHECKLIST
    assert {one["status"] for one in answers} == {"good"}
    assert not [one for one in told["findings"] if one["status"] == "warning"]
    origins = {one["name"]: one["origin"] for one in told["values"]}
    assert origins["DATABASE_URL"] == "environment"
    assert origins["API_PORT"] == "default"


def test_what_is_wrong_inside_is_told_with_its_remedy(
    pair: Pair, reciprocity: Reciprocity, broker: dict[str, str]
) -> None:
    pair.sql(AI, "CREATE TABLE users (id int); ALTER TABLE users OWNER TO reciprocity_user;")
    pair.sql(BACKEND, "CREATE TABLE somebody_elses (id int);")
    pair.sql(BACKEND, "UPDATE alembic_version_backend SET version_num = '0002';")
    pair.sql(
        BACKEND,
        "INSERT INTO users (id, first_name, last_name, email, onboarding_status, is_active,"
        " allow_matching, is_email_verified, created_at, updated_at) VALUES"
        " ('00000000-0000-4000-8000-00000000000a', 'A', 'B', 'a@example.org', 'completed', true,"
        "  true, true, now(), now());"
        "INSERT INTO user_summaries VALUES (gen_random_uuid(), '00000000-0000-4000-8000-00000000000a',"
        " 'approved', 'text', 1, false, 'ongoing', now(), now());"
        "INSERT INTO outbox (topic, payload, state, attempts, available_at, created_at, last_error)"
        " VALUES ('embed', '{}', 'pending', 0, now(), now() - interval '1 hour', NULL),"
        "  ('embed', '{}', 'dead', 9, now(), now(), 'why');",
    )
    code, told = _json(reciprocity, pair.environment | broker)
    wrong = _wrong(told)
    assert code == 1
    assert "belongs in the backend database" in wrong["ai: table users"]
    assert "DROP TABLE users;" in wrong["ai: table users"]
    assert "somebody_elses" in wrong["backend: stray tables"]
    assert "reciprocity migrate" in wrong["backend: revision"]
    assert "1 of 1 members" in wrong["model: members without vectors"]
    assert "oldest 36" in wrong["work: outbox"]
    assert "1 pieces of work failed for good" in wrong["work: dead work"]


def test_a_missing_extension_is_told_with_the_line_for_the_dba(
    pair: Pair, reciprocity: Reciprocity, broker: dict[str, str]
) -> None:
    pair.sql(AI, "DROP EXTENSION vector CASCADE;")
    _, told = _json(reciprocity, pair.environment | broker)
    assert "CREATE EXTENSION vector;" in _wrong(told)["ai: pgvector"]


def test_a_swapped_pair_is_told(
    pair: Pair, reciprocity: Reciprocity, broker: dict[str, str]
) -> None:
    swapped = {
        "DATABASE_URL": pair.environment["RECIPROCITY_BACKEND_DB_URL"],
        "RECIPROCITY_BACKEND_DB_URL": pair.environment["DATABASE_URL"],
    }
    code, told = _json(reciprocity, swapped | broker)
    assert code == 1
    assert "swapped?" in _wrong(told)["ai: identity"]
    first = next(one for one in told["findings"] if one["name"] == CHECKLIST[0])
    assert first["status"] == "wrong"


def test_with_everything_down_it_still_reports(reciprocity: Reciprocity) -> None:
    nowhere = {
        "DATABASE_URL": "postgresql://u:zq7secret@127.0.0.1:1/reciprocity_ai",
        "RECIPROCITY_BACKEND_DB_URL": "postgresql://u:zq7secret@host.docker.internal:1/reciprocity_db",
        "CELERY_BROKER_URL": "redis://:zq7secret@127.0.0.1:1/0",
    }
    code, told = _json(reciprocity, nowhere)
    wrong = _wrong(told)
    assert code == 1
    assert set(wrong) == {"ai: reachable", "backend: reachable", "broker: broker"}
    assert "write localhost in RECIPROCITY_BACKEND_DB_URL" in wrong["backend: reachable"]
    assert "zq7secret" not in json.dumps(told)


def test_with_nothing_set_it_says_what_each_service_lacks(run: Run, tmp_path: Path) -> None:
    answer = run(["-m", "app.cli.main", "doctor"], {}, cwd=tmp_path)
    assert answer.returncode == 1
    assert "✗ celery-worker: DATABASE_URL is missing" in answer.stdout
    assert "CELERY_BROKER_URL is missing" in answer.stdout
    assert "- databases: the settings must be mended first" in answer.stdout


def test_a_production_without_verified_tls_is_warned_of(
    pair: Pair, reciprocity: Reciprocity, broker: dict[str, str]
) -> None:
    _, told = _json(
        reciprocity, pair.environment | broker | {"RECIPROCITY_ENVIRONMENT": "production"}
    )
    warned = [one for one in told["findings"] if one["name"].endswith("over TLS")]
    assert [one["status"] for one in warned] == ["warning", "warning"]
    assert "sslmode=verify-full" in warned[0]["fix"]


ODD = [
    ("zq7%40%2Fsecret", "zq7@/secret"),  # percent-encoded
    ("zq7$x${HOME}secret", "zq7$x${HOME}secret"),
    ("zq7%27%22%5Csecret", "zq7'\"\\secret"),
    ("zq7@secret", "zq7@secret"),  # broken: not encoded
    ("zq7%zzsecret", "zq7%zzsecret"),  # broken: no such code
]


@pytest.mark.parametrize(("written", "meant"), ODD)
def test_no_process_shows_a_password_whatever_it_looks_like(
    pair: Pair, run: Run, written: str, meant: str
) -> None:
    server = pair.server(BACKEND)
    address = f"postgresql://postgres:{written}@127.0.0.1:{server.port}/{pair.name}"
    variables = pair.environment | {
        "RECIPROCITY_BACKEND_DB_URL": address,
        "CELERY_BROKER_URL": f"redis://:{written}@127.0.0.1:1/0",
        "API_PORT": "0",
    }
    for command in (["doctor"], ["worker"], ["roles", "backend", "--apply"]):
        answer = run(["-m", "app.cli.main", *command], variables)
        assert answer.returncode != 0
        said = answer.stdout + answer.stderr
        assert "RECIPROCITY_BACKEND_DB_URL" in said
        for secret in (written, meant):
            assert secret not in said
        assert "zq7" not in said


def test_the_documents_snippet_needs_only_the_two_variables(pair: Pair, tmp_path: Path) -> None:
    snippet = (
        "\nfrom app.adapters.postgresql import postgresql_adapter\n# This should work\n"
        "ai_conn = postgresql_adapter.get_connection()\nai_conn.close()\nprint('AI DB: OK')\n\n"
        "# This should also work\nbackend_conn = postgresql_adapter.get_backend_connection()\n"
        "backend_conn.close()\nprint('Backend DB: OK')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", snippet],
        env=pair.environment,
        cwd=tmp_path,  # with no .env in it
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.stdout == "AI DB: OK\nBackend DB: OK\n", answer.stderr
