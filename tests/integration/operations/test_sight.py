"""What is wrong is read from the data and said in words: in health, in metrics, in the logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.databases import refusals
from app.databases.errors import WrongDatabaseError
from app.databases.names import Database
from app.observability.logs import JsonFormatter
from app.services.sight import Observation, Observer, observe
from tests.conftest import Pair
from tests.integration.api.conftest import KEY, application, lock_out
from tests.people import People

Show = Callable[[Pair], TestClient]


@pytest.fixture
def show(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Serve a pair with an observer that looks each time."""
    monkeypatch.setattr("app.bootstrap.Observer", lambda databases: Observer(databases, every=0))

    def start(pair: Pair) -> TestClient:
        made = application(pair, API_KEY=KEY, METRICS_TOKEN="a-token-for-tests")
        client = TestClient(made, raise_server_exceptions=False)
        client.__enter__()
        request.addfinalizer(lambda: client.__exit__(None, None, None))
        return client

    return start


def _samples(client: TestClient) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics", headers={"Authorization": "Bearer a-token-for-tests"})
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _seen(people: People) -> Observation:
    return observe(people.databases)


def test_a_community_in_order_has_nothing_wrong(people: People) -> None:
    people.crowd(4)
    people.relay.look()
    seen = _seen(people)
    assert seen.wrong(model="words") == []
    assert seen.stages == {"approved": 4}
    assert (seen.with_vectors, seen.without_vectors, seen.orphans) == (4, 0, 0)


def test_members_who_lost_their_vectors_are_counted_and_told(people: People, pair: Pair) -> None:
    people.crowd(4)
    people.relay.look()
    pair.sql(Database.AI, "TRUNCATE member_vectors CASCADE;")
    seen = _seen(people)
    assert (seen.without_vectors, seen.untended) == (4, 4)
    assert "4 members have an approved summary and no vectors" in seen.wrong()[0]


def test_members_whose_vectors_are_being_made_are_no_alarm(people: People) -> None:
    people.crowd(3)
    seen = _seen(people)
    assert (seen.without_vectors, seen.untended) == (3, 0)
    assert seen.wrong() == []


def test_vectors_of_nobody_are_counted_and_told(people: People, pair: Pair) -> None:
    ann, *_ = people.crowd(3)
    people.relay.look()
    pair.sql(Database.BACKEND, f"DELETE FROM users WHERE id = '{ann}';")
    seen = _seen(people)
    assert seen.orphans == 1
    assert "1 members have vectors and no summary that asks for them" in seen.wrong()[0]


def test_work_that_waits_too_long_or_was_given_up_is_told(people: People, pair: Pair) -> None:
    people.crowd(2)
    pair.sql(Database.BACKEND, "UPDATE outbox SET created_at = now() - interval '3 hours';")
    assert "waited in the outbox for 3 hours" in _seen(people).wrong()[0]
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead';")
    assert any("2 pieces of work were given up" in line for line in _seen(people).wrong())


def test_a_failed_and_an_old_matching_run_are_told(people: People, pair: Pair) -> None:
    people.crowd(2)
    people.relay.look()
    old = "UPDATE matching_runs SET finished_at = now() - interval '30 hours'"
    pair.sql(Database.BACKEND, f"{old};")
    assert "last successful matching run was 30 hours ago" in _seen(people).wrong()[0]
    pair.sql(Database.BACKEND, f"{old}, state = 'failed', reason = 'no vectors came';")
    assert "The last matching run failed: no vectors came" in _seen(people).wrong()


def test_another_model_than_the_one_that_serves_is_told(people: People) -> None:
    people.crowd(2)
    people.relay.look()
    assert (
        "made by words, and this process is set to other" in _seen(people).wrong(model="other")[0]
    )


def test_health_stays_200_and_says_degraded_with_the_reason(pair: Pair, show: Show) -> None:
    client = show(pair)
    assert client.get("/health/ready").json()["status"] == "ready"
    people = People(client.app.state.platform.databases)  # type: ignore[attr-defined] # FastAPI's
    people.crowd(2)
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead';")
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "degraded"
    assert "dead-letters" in told["wrong"][0]
    assert told["members"]["without_vectors"] == 2


def test_metrics_name_the_database_and_tell_what_stands_in_it(
    matched_pair: Pair, show: Show
) -> None:
    samples = _samples(show(matched_pair))
    members = int(matched_pair.sql(Database.BACKEND, "SELECT count(*) FROM users;"))
    assert samples["reciprocity_database_up", "ai"] == 1
    assert samples["reciprocity_database_up", "backend"] == 1
    assert samples["reciprocity_members", "backend", "approved"] == members
    assert samples["reciprocity_members_with_vectors", "ai"] == members
    assert samples["reciprocity_summaries_without_vectors", "ai"] == 0
    assert samples["reciprocity_orphan_vectors", "ai"] == 0
    assert samples["reciprocity_last_matching_timestamp_seconds", "backend"] > 1.7e9


def test_with_one_database_down_the_metrics_say_so_and_tell_of_the_other(
    matched_pair: Pair, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 1.0)
    client = show(matched_pair)
    lock_out(matched_pair, Database.AI)
    samples = _samples(client)
    assert samples["reciprocity_database_up", "ai"] == 0
    assert samples["reciprocity_database_up", "backend"] == 1
    assert ("reciprocity_orphan_vectors", "ai") not in samples, "unknown is not zero"
    assert samples["reciprocity_outbox_oldest_seconds", "backend"] == 0


def test_what_the_guard_refuses_is_counted_by_database(people: People) -> None:
    before = refusals.counted()
    with pytest.raises(WrongDatabaseError), people.databases.ai() as ai:
        ai.execute("SELECT email FROM users")
    after = refusals.counted()
    assert after[Database.AI] == before[Database.AI] + 1
    assert after[Database.BACKEND] == before[Database.BACKEND]


def test_requests_are_counted_by_the_template_of_their_route_and_logged_with_their_id(
    matched_pair: Pair, show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    client = show(matched_pair)
    member = matched_pair.sql(Database.BACKEND, "SELECT id FROM users LIMIT 1;")
    with caplog.at_level(logging.INFO, logger="app.observability.requests"):
        answer = client.get(
            f"/api/v1/matching/{member}/matches",
            headers={"X-API-KEY": KEY, "X-Request-ID": "from-the-caller-1"},
        )
    assert answer.headers["X-Request-ID"] == "from-the-caller-1"
    (record,) = [r for r in caplog.records if r.name == "app.observability.requests"]
    line = json.loads(JsonFormatter().format(record))
    assert line["route"] == "/api/v1/matching/{user_id}/matches"
    assert member not in json.dumps(line)
    samples = _samples(client)
    route = "/api/v1/matching/{user_id}/matches"
    assert samples["reciprocity_http_requests_total", "GET", route, "200"] == 1
    assert not any(member in part for key in samples for part in key)


def test_the_request_that_caused_work_is_named_in_the_workers_log(
    pair: Pair, show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    client = show(pair)
    people = People(client.app.state.platform.databases)  # type: ignore[attr-defined] # FastAPI's
    ann = people.join("Ann", ["tax advice"], ["piano lessons"], approve=False)
    headers = {"X-API-KEY": KEY, "X-Request-ID": "approval-000001"}
    path = "/api/v1/user/approve-summary"
    assert client.post(path, json={"user_id": str(ann)}, headers=headers).status_code == 200
    with caplog.at_level(logging.INFO, logger="app.workers.relay"):
        people.relay.look()
    named = [getattr(record, "requests", "") for record in caplog.records]
    assert "approval-000001" in named
