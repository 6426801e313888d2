"""Operators' endpoints are told of events, signed, until they take them; from either kind of place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from app.adapters.embedding import Embedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.domain.webhooks import signature
from app.services import operator_webhooks
from app.services.webhooks import Answer, Couriers
from app.workers.beside import Beside
from app.workers.relay import Relay
from tests.conftest import Pair, Reciprocity
from tests.people import People

BACKEND = Database.BACKEND
URL = "https://hooks.example.org/x"


@dataclass
class Endpoint:
    """Stand for the world: keep what was posted, answer as told."""

    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(200))

    def post(self, url: str, headers: object, body: bytes) -> Answer:
        assert isinstance(headers, dict)
        self.posted.append((url, headers, body))
        return self.answer

    def checked(self, url: str) -> str:
        return url


@pytest.fixture
def world() -> Endpoint:
    return Endpoint()


@pytest.fixture
def worker(adapter: PostgreSQLAdapter, embedder: Embedder, world: Endpoint) -> Relay:
    return Relay(adapter, embedder, beside=Beside(couriers=Couriers(world, world)))


def test_an_approval_is_told_signed_and_without_a_word_of_the_member(
    adapter: PostgreSQLAdapter, worker: Relay, world: Endpoint, people: People
) -> None:
    made = operator_webhooks.add(adapter, world, URL, ["summary.approved"])
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Bob", ["piano lessons"], ["tax advice"], approve=False)
    people.relay.look()
    assert world.posted == []
    world.answer = Answer(503, "answered 503")
    worker.look()
    world.answer = Answer(204)
    with adapter.backend() as backend:
        backend.execute("UPDATE webhook_deliveries SET available_at = now()")
    worker.look()
    worker.look()
    assert len(world.posted) == 2
    for url, headers, body in world.posted:
        assert url == made.url
        told = json.loads(body)
        assert (told["type"], told["data"]) == (
            "summary.approved",
            {"user_id": str(ann), "version": 1},
        )
        assert b"tax" not in body
        assert headers["webhook-signature"] == signature(
            made.secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body
        )
    assert len({headers["webhook-id"] for _, headers, _ in world.posted}) == 1


def test_two_who_said_yes_are_told_and_an_endpoint_that_is_removed_is_told_nothing(
    adapter: PostgreSQLAdapter, world: Endpoint, worker: Relay
) -> None:
    made = operator_webhooks.add(adapter, world, URL)
    with adapter.backend() as backend:
        assert operator_webhooks.emit(backend, operator_webhooks.ACCEPTED, {}) == 1
        operator_webhooks.remove(backend, made.id)
    worker.look()
    assert world.posted == []


def test_endpoints_are_kept_by_commands_and_a_secret_is_shown_once(
    pair: Pair, reciprocity: Reciprocity
) -> None:
    values = pair.environment | {"RECIPROCITY_ENVIRONMENT": "test"}
    url = "http://127.0.0.1:9/hook"
    ended = reciprocity("webhooks", "add", url, "--topic", "webhook.test", environment=values)
    assert ended.status == 0, ended.stderr
    secret = ended.stdout.split("secret")[1].split()[0]
    assert secret.startswith("whsec_")
    again = reciprocity("webhooks", "add", url, environment=values)
    assert again.status == 1
    assert "already" in again.stderr
    listed = reciprocity("webhooks", "endpoints", environment=values).stdout
    assert url in listed
    assert secret not in listed
    assert "1 endpoints" in reciprocity("webhooks", "test", environment=values).stdout
    assert "webhook.test" in reciprocity("webhooks", "list", environment=values).stdout
    name = listed.split()[0]
    assert reciprocity("webhooks", "remove", name, environment=values).status == 0
    assert reciprocity("webhooks", "remove", name, environment=values).status == 1
    assert "Nobody" in reciprocity("webhooks", "endpoints", environment=values).stdout


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "https://localhost/x"])
def test_outside_development_no_private_target_is_taken(
    pair: Pair, reciprocity: Reciprocity, url: str
) -> None:
    ended = reciprocity("webhooks", "add", url, environment=pair.environment)
    assert ended.status == 1
    assert pair.sql(BACKEND, "SELECT count(*) FROM webhook_endpoints") == "0"
