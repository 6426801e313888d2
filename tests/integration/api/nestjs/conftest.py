"""An installation beside a NestJS backend: its tables adopted, its server there, our API and worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app import bootstrap
from app.adapters.adoption import adopt
from app.adapters.backend_webhooks import PlainCourier
from app.adapters.embedding import Embedder
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.embedded.embedded import Embedded
from app.settings import ApiSettings
from app.workers.beside import Beside
from app.workers.relay import Relay
from tests.conftest import Pair, _create, _pair, _settings
from tests.contract_schemas import faults, webhook_faults, written_for
from tests.integration.api.conftest import KEY, application
from tests.nestjs_backend import KEY as WEBHOOK_KEY
from tests.nestjs_backend import NestJSBackend, make_tables

WITH_KEY = {"X-API-KEY": KEY}


@dataclass
class Installation:
    """Hold both sides, and do the worker's work when the test says so."""

    pair: Pair
    backend: NestJSBackend
    client: TestClient
    relay: Relay

    def post(self, path: str, body: dict[str, Any], *, times: int = 1) -> dict[str, Any]:
        """Call the AI service as the backend does, as often as its retries may."""
        told: dict[str, Any] = {}
        written = written_for("POST", path)
        assert faults(written["request"], body) == []
        for _ in range(times):
            answer = self.client.post(f"/api/v1{path}", json=body, headers=WITH_KEY)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert faults(written["answer"], told) == []
        return told

    def get(self, path: str) -> dict[str, Any]:
        """Ask the AI service as the backend does."""
        answer = self.client.get(f"/api/v1{path}", headers=WITH_KEY)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert faults(written_for("GET", path)["answer"], told) == []
        return told

    def work(self, rounds: int = 1) -> None:
        """Let the worker look, waits forgotten between two looks."""
        for _ in range(rounds):
            self.relay.look()
            self.pair.sql(
                Database.BACKEND,
                "UPDATE outbox SET available_at = now() WHERE state = 'pending';"
                "UPDATE webhook_deliveries SET available_at = now() WHERE state = 'waiting';",
            )

    def open_work(self) -> int:
        """Count what is not done, and fail on what was given up."""
        dead = self.pair.sql(
            Database.BACKEND, "SELECT topic, last_error FROM outbox WHERE state = 'dead'"
        )
        assert dead == ""
        return int(
            self.pair.sql(
                Database.BACKEND,
                "SELECT (SELECT count(*) FROM outbox WHERE state <> 'done')"
                " + (SELECT count(*) FROM webhook_deliveries WHERE state IN ('waiting', 'sending'))",
            )
        )


@pytest.fixture(scope="session")
def adopted_template(servers: Embedded, empty_template: str) -> str:
    """A backend's own database, adopted beside an AI database; once, for all tests."""
    _create(servers, "adopted", empty_template)
    pair = Pair(servers, "adopted", _settings(servers, "adopted"))
    make_tables(pair)
    adopting = PostgreSQLAdapter(pair.settings)
    adopt(adopting, Database.BACKEND, "test")
    migrate(adopting, "test")
    adopting.close()
    return "adopted"


@pytest.fixture
def adopted_pair(servers: Embedded, adopted_template: str) -> Iterator[Pair]:
    yield from _pair(servers, adopted_template)


@pytest.fixture
def nestjs(adopted_pair: Pair) -> Iterator[NestJSBackend]:
    """Give a backend that lives in the adopted database."""
    made = NestJSBackend(adopted_pair)
    yield made
    made.close()


@pytest.fixture
def beside(adopted_pair: Pair, nestjs: NestJSBackend, embedder: Embedder) -> Iterator[Installation]:
    """Give an installation that serves the backend's calls, and its worker."""
    with installed(adopted_pair, nestjs, embedder) as made:
        yield made


@contextmanager
def installed(
    pair: Pair,
    nestjs: NestJSBackend,
    embedder: Embedder,
    *,
    api: dict[str, str] | None = None,
    worker: dict[str, str] | None = None,
) -> Iterator[Installation]:
    """Run both processes, by roles of their own where their addresses are given."""
    where = {"RECIPROCITY_BACKEND_URL": nestjs.url, "AI_SERVICE_WEBHOOK_API_KEY": WEBHOOK_KEY}
    settings = ApiSettings.model_validate(pair.environment | where | (worker or {}))
    databases = PostgreSQLAdapter(settings)
    app = application(pair, API_KEY=KEY, **where, **(api or {}))
    couriers = replace(
        bootstrap.couriers(settings), to_backend=PlainCourier(httpx.Timeout(2.0, connect=1.0))
    )
    further = Beside(app.state.members.reader, couriers, bootstrap.resumes(settings))
    relay = Relay(databases, embedder, beside=further)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Installation(pair, nestjs, client, relay)
    for call in nestjs.calls:
        assert webhook_faults(call.path.rpartition("/")[2], call.body) == []
    databases.close()
