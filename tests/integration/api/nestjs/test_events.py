"""The backend's Redis hears of sets that were taken; one that is away keeps nothing from being told."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from app.adapters.backend_events import QUIET, RedisEvents
from app.databases.names import Database
from app.domain.matching.scores import ALGORITHM
from app.services.webhooks import MATCHES_READY
from tests.integration.api.nestjs.conftest import Installation
from tests.integration.api.nestjs.members import member

BACKEND = Database.BACKEND


class Ear:
    """Listen on the channel, as the backend does."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url)
        self.channel = self.redis.pubsub(  # type: ignore[no-untyped-call] # redis types it in part
            ignore_subscribe_messages=True
        )
        self.channel.subscribe(MATCHES_READY)
        self.channel.get_message(timeout=2)

    def heard(self) -> dict[str, dict[str, Any]]:
        """Give what was said since the last time, by member."""
        found: dict[str, dict[str, Any]] = {}
        while (message := self.channel.get_message(timeout=0.2)) is not None:
            event = json.loads(message["data"])
            assert event["user_id"] not in found
            found[event["user_id"]] = event
        return found


@pytest.fixture
def ear(beside: Installation) -> Iterator[Ear]:
    broker = beside.pair.servers.broker
    assert broker is not None
    _publish_to(beside, RedisEvents(broker.url))
    made = Ear(broker.url)
    yield made
    made.channel.close()
    made.redis.close()


def _publish_to(beside: Installation, events: RedisEvents) -> None:
    further = beside.relay.beside
    assert further.couriers is not None
    beside.relay.beside = replace(further, couriers=replace(further.couriers, events=events))


def test_a_set_that_was_taken_is_published_with_how_it_came_about(
    beside: Installation, ear: Ear
) -> None:
    ann = member(beside, "Ann", "I need somebody for my taxes.", "I offer piano lessons.")
    bob = member(beside, "Bob", "I need a piano teacher.", "I can prepare tax returns.")
    beside.backend.wrong = lambda path: (503, {}) if path.endswith("matches-ready") else None
    beside.work(3)
    assert ear.heard() == {}, "nothing is said of what was not taken"
    beside.backend.wrong = lambda _path: None
    beside.work(3)
    heard = ear.heard()
    assert set(heard) == {str(ann), str(bob)}
    told = heard[str(ann)]
    assert set(told) == {
        "user_id", "match_count", "algorithm", "reciprocal_updates", "trigger", "timestamp"
    }  # fmt: skip
    assert told["match_count"] == 1
    # Whoever is told first has a partner whose own set is still on its way.
    assert sorted(one["reciprocal_updates"] for one in heard.values()) == [0, 1]
    assert (told["trigger"], told["algorithm"]) == ("onboarding", ALGORITHM)
    at = datetime.fromisoformat(told["timestamp"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)

    text = "## What I need\n\n- A tax adviser\n\n## What I offer\n\n- Piano lessons, at your home"
    beside.backend.approve(ann, text=text)
    beside.post("/user/profile-updated", {"user_id": str(ann)}, times=2)
    beside.work(3)
    assert ear.heard()[str(ann)]["trigger"] == "profile_edit"

    beside.pair.sql(BACKEND, "DELETE FROM told_matches")
    beside.get("/user/run-scheduled-matchmaking")
    beside.work(3)
    assert {one["trigger"] for one in ear.heard().values()} == {"cron"}


def test_a_redis_that_is_away_delays_no_webhook_is_said_once_and_asked_again_later(
    beside: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    url = f"redis://:a-secret@127.0.0.1:{port}/0"
    events = RedisEvents(url, clock=lambda: now[0])
    _publish_to(beside, events)
    ann = member(beside, "Ann", "I need somebody for my taxes.", "I offer piano lessons.")
    bob = member(beside, "Bob", "I need a piano teacher.", "I can prepare tax returns.")
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="app.adapters.backend_events"):
        beside.work(4)
    assert time.monotonic() - begun < 20
    assert beside.open_work() == 0
    assert bob in beside.backend.matches_of(ann)
    said = [record.getMessage() for record in caplog.records]
    assert len([one for one in said if "RECIPROCITY_BACKEND_EVENTS_URL" in one]) == 1
    assert "a-secret" not in "".join(said)

    broker = beside.pair.servers.broker
    assert broker is not None
    events._redis = redis.Redis.from_url(broker.url)
    now[0] += QUIET + 1
    with caplog.at_level(logging.WARNING, logger="app.adapters.backend_events"):
        events.publish(MATCHES_READY, {})
    assert "2 events were left out" in caplog.records[-1].getMessage()
