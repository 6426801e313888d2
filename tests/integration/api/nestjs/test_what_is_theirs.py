"""Beside another backend this platform writes of the shared tables what the contract leaves to it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import dictionary, roles
from app.databases.names import Database
from app.databases.ownership import ElsewhereError
from app.services.shared_tables import belong_to_another
from tests.conftest import Pair, Reciprocity
from tests.integration.api.conftest import KEY, Serve

BESIDE = {"RECIPROCITY_BACKEND_URL": "http://127.0.0.1:9/api/v1", "AI_SERVICE_WEBHOOK_API_KEY": "k"}


@pytest.fixture
def beside(pair: Pair) -> Iterator[PostgreSQLAdapter]:
    """Give the databases as a process beside a NestJS backend has them."""
    settings = pair.settings.model_validate(pair.environment | BESIDE)
    made = PostgreSQLAdapter(settings)
    yield made
    made.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO users (id) VALUES (gen_random_uuid())",
        "UPDATE users SET allow_matching = false",
        "UPDATE users SET onboarding_status = 'completed', updated_at = now()",
        "DELETE FROM users",
        "UPDATE user_summaries SET status = 'approved'",
        "DELETE FROM user_summaries",
        "INSERT INTO matches (id) VALUES (gen_random_uuid())",
        "UPDATE matches SET status = 'declined'",
        "DELETE FROM matches",
        "DELETE FROM match_feedback",
        "WITH gone AS (DELETE FROM users RETURNING id) UPDATE users SET onboarding_status = NULL",
        "WITH gone AS (DELETE FROM matches RETURNING id) SELECT count(*) FROM gone",
        "COPY messages (id) FROM STDIN",
        "TRUNCATE users",
    ],
)
def test_what_the_contract_does_not_leave_to_us_is_refused(
    beside: PostgreSQLAdapter, statement: str
) -> None:
    with (
        pytest.raises(ElsewhereError, match="RECIPROCITY_BACKEND_URL"),
        beside.backend() as backend,
    ):
        backend.execute(statement.encode())


def test_what_it_leaves_to_us_is_written_and_alone_all_is_ours(
    beside: PostgreSQLAdapter, adapter: PostgreSQLAdapter
) -> None:
    with beside.backend() as backend:
        backend.execute("UPDATE users SET onboarding_status = 'completed' WHERE false")
        backend.execute("DELETE FROM statements WHERE user_id = %s", (uuid4(),))
        backend.execute("SELECT id FROM matches")
    with adapter.backend() as backend:
        backend.execute("DELETE FROM matches")


def test_import_and_the_members_faces_refuse_with_the_reason(
    pair: Pair, reciprocity: Reciprocity, serve: Serve
) -> None:
    before = pair.contents()
    ended = reciprocity(
        "import", "app/sample/community.jsonl", environment=pair.environment | BESIDE
    )
    assert ended.status == 1
    assert "RECIPROCITY_BACKEND_URL" in ended.stderr
    client = serve(pair, **BESIDE)
    for path in ("/", "/sign-up", "/api/member/v1/me", "/matches"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert answer.json()["code"] == "accounts_elsewhere"
    assert client.post("/sign-up", data={"email": "a@b.c"}).status_code == 403
    assert client.get("/api/v1/nothing", headers={"X-API-KEY": KEY}).status_code == 404
    assert client.get("/health/live").status_code == 200
    assert pair.contents() == before


def test_an_adopted_database_is_not_worked_on_as_if_nobody_else_owned_it(
    pair: Pair, reciprocity: Reciprocity, adapter: PostgreSQLAdapter
) -> None:
    with adapter.backend() as backend:
        assert not belong_to_another(backend)
    pair.sql(
        Database.BACKEND,
        "COMMENT ON TABLE backend_identity IS 'adopted: the tables of another backend were there"
        " before'",
    )
    ended = reciprocity("matches", "a@b.c", environment=pair.environment)
    assert ended.status == 1
    assert "RECIPROCITY_BACKEND_URL is not set" in ended.stderr
    ended = reciprocity("matches", "a@b.c", environment=pair.environment | BESIDE)
    assert "No member has the e-mail address" in ended.stderr


def test_the_dictionary_the_wall_and_the_rights_say_the_same_of_shared_tables() -> None:
    for entry in dictionary.TABLES:
        if entry.owner != "shared":
            continue
        for service in roles.SERVICES[:3]:
            rights = roles.rights(Database.BACKEND, service, entry.name, "nestjs")
            written = [(r.verb, *r.columns) for r in rights if r.verb != "SELECT"]
            assert written == ([entry.left_to_us] if entry.left_to_us else [])
