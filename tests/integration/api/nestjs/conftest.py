"""An installation beside a NestJS backend: its tables adopted, its server there, our API and worker."""

from __future__ import annotations

from collections.abc import Iterator
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
from app.domain import webhooks
from app.settings import ApiSettings
from app.workers.beside import Beside
from app.workers.relay import Relay
from tests.conftest import Pair
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
        for _ in range(times):
            answer = self.client.post(f"/api/v1{path}", json=body, headers=WITH_KEY)
            assert answer.status_code == 200, answer.text
            told = answer.json()
        return told

    def get(self, path: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1{path}", headers=WITH_KEY)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
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


@pytest.fixture
def nestjs(empty_pair: Pair) -> Iterator[NestJSBackend]:
    """Give a backend with its tables in an empty database, and nothing of ours."""
    make_tables(empty_pair)
    made = NestJSBackend(empty_pair)
    yield made
    made.close()


@pytest.fixture
def beside(
    empty_pair: Pair, nestjs: NestJSBackend, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """Give an installation that adopted the backend's database and serves its calls."""
    adopting = PostgreSQLAdapter(empty_pair.settings)
    adopt(adopting, Database.BACKEND, "test")
    migrate(adopting, "test")
    adopting.close()
    monkeypatch.setattr(webhooks, "_LONGEST", 1e-3)
    further = {"RECIPROCITY_BACKEND_URL": nestjs.url, "AI_SERVICE_WEBHOOK_API_KEY": WEBHOOK_KEY}
    values = empty_pair.environment | further
    settings = ApiSettings.model_validate(values)
    databases = PostgreSQLAdapter(settings)
    app = application(empty_pair, API_KEY=KEY, **further)
    couriers = replace(
        bootstrap.couriers(settings), to_backend=PlainCourier(httpx.Timeout(2.0, connect=1.0))
    )
    reader = app.state.members.reader
    relay = Relay(databases, embedder, beside=Beside(reader, couriers))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Installation(empty_pair, nestjs, client, relay)
    databases.close()
