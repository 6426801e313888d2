"""What a NestJS backend calls is answered in its envelopes, with its key, as often as it asks."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.adapters.embedding import Embedder
from app.databases.names import Database
from tests.conftest import Pair
from tests.integration.api.conftest import KEY, Serve, lock_out
from tests.people import People

WITH_KEY = {"X-API-KEY": KEY}
APPROVE = "/api/v1/user/approve-summary"


def _list_of(member: object) -> str:
    return f"/api/v1/matching/{member}/matches"


@pytest.fixture(scope="module")
def protagonist(read_only_pair: Pair) -> UUID:
    query = "SELECT id FROM users WHERE email = 'marisol.etcheverry@surcohumedo.example'"
    return UUID(read_only_pair.sql(Database.BACKEND, query))


def test_matches_come_with_the_fields_that_the_backend_reads(
    client: TestClient, protagonist: UUID
) -> None:
    answer = client.get(_list_of(protagonist), headers=WITH_KEY)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["reason"]) == ("ready", "")
    assert len(told["requirements_matches"]) == len(told["offerings_matches"]) >= 5
    for side in ("requirements_matches", "offerings_matches"):
        for one in told[side]:
            assert UUID(one["user_id"]) != protagonist
            assert 0 <= one["similarity_score"] <= 1
            for name in ("name", "requirements", "offerings", "explanation"):
                assert one[name]


@pytest.mark.parametrize("threshold", ["NaN", "0.7", ""])
def test_the_threshold_that_the_backend_sends_hides_nobody(
    client: TestClient, protagonist: UUID, threshold: str
) -> None:
    plain = client.get(_list_of(protagonist), headers=WITH_KEY).json()
    sent = client.get(
        _list_of(protagonist), params={"similarity_threshold": threshold}, headers=WITH_KEY
    )
    assert sent.status_code == 200
    assert sent.json() == plain


def test_stats_count_what_is_embedded(
    client: TestClient, read_only_pair: Pair, embedder: Embedder
) -> None:
    told = client.get("/api/v1/matching/stats", headers=WITH_KEY).json()
    counted = read_only_pair.sql(
        Database.AI,
        "SELECT count(DISTINCT user_id), count(*) FILTER (WHERE kind = 'need'),"
        f" count(*) FILTER (WHERE kind = 'offer') FROM embeddings WHERE model = '{embedder.model}'",
    )
    keys = [f"total_{name}_embeddings" for name in ("users_with", "requirements", "offerings")]
    assert [str(told[key]) for key in keys] == counted.split("|")
    assert told["last_updated"].startswith("20")


def test_approving_a_summary_starts_the_matching_and_again_changes_nothing(
    serve: Serve, people: People, pair: Pair
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"], approve=False)
    client = serve(pair)
    for _ in range(3):
        answer = client.post(APPROVE, json={"user_id": str(ann)}, headers=WITH_KEY)
        assert answer.status_code == 200
        assert answer.json() == {"Code": 200, "Message": "Summary 1 approved", "Result": True}
    assert pair.sql(Database.BACKEND, "SELECT topic, state FROM outbox") == "embed|pending"


def test_an_unknown_member_is_a_problem_with_a_code_and_not_an_empty_list(
    client: TestClient,
) -> None:
    nobody = str(uuid4())
    for answer in (
        client.get(_list_of(nobody), headers=WITH_KEY),
        client.post(APPROVE, json={"user_id": nobody}, headers=WITH_KEY),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (told["code"], told["status"]) == ("not_found", 404)
        assert nobody in told["detail"]


@pytest.mark.parametrize("body", [{}, {"user_id": "ann"}, {"user_id": None}, [], "text"])
def test_a_body_that_is_not_what_was_asked_is_told_by_field(
    client: TestClient, body: object
) -> None:
    answer = client.post(APPROVE, json=body, headers=WITH_KEY)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_input"
    assert "body" in answer.json()["detail"]


def test_a_member_whose_work_failed_for_good_is_answered_with_an_error(
    serve: Serve, people: People, pair: Pair
) -> None:
    ill = people.join("Ill", ["poison"], ["help"])
    people.relay.look()
    client = serve(pair)
    told = client.get(_list_of(ill), headers=WITH_KEY).json()
    assert told["state"] == "computing"
    assert told["requirements_matches"] == []
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead'")
    answer = client.get(_list_of(ill), headers=WITH_KEY)
    assert answer.status_code == 503
    assert answer.json()["code"] == "matches_failed"
    assert "poison" in answer.json()["detail"]


def test_an_error_of_the_inside_tells_nothing_of_the_inside(
    serve: Serve, people: People, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    client = serve(pair)
    pair.sql(Database.BACKEND, "DROP TABLE match_reasons")
    answer = client.get(_list_of(ann), headers=WITH_KEY)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "match_reasons" not in answer.text
    assert "match_reasons" in caplog.text


def test_a_database_that_is_away_is_answered_with_503_in_words_and_with_no_password(
    serve: Serve, people: People, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 1.0)
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    client = serve(pair)
    lock_out(pair, Database.BACKEND)
    answer = client.get(_list_of(ann), headers=WITH_KEY)
    assert answer.status_code == 503
    assert answer.json()["code"] == "database_unavailable"
    assert "postgres:postgres" not in answer.text
