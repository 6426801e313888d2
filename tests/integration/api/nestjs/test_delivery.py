"""Webhooks are delivered until they are taken: split, in order, with waits, a log and a replay."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.databases.names import Database
from app.repositories.backend import deliveries
from app.services import sight, telling, webhooks
from tests.conftest import Reciprocity
from tests.integration.api.nestjs.conftest import WITH_KEY, Installation

BACKEND = Database.BACKEND


def _pair_of(beside: Installation, a: UUID, b: UUID, score: float = 0.6) -> None:
    """Write a scored pair as a matching run does."""
    low, high = sorted((a, b))
    run, ids = uuid4(), [uuid4() for _ in range(4)]
    kinds = (("need", low), ("offer", high), ("need", high), ("offer", low))
    statements = "".join(
        f"INSERT INTO statements VALUES ('{one}', '{who}', '{uuid4()}', '{kind}', 0, '{kind} of mine',"
        " now());"
        for one, (kind, who) in zip(ids, kinds, strict=True)
    )
    beside.pair.sql(
        BACKEND,
        f"INSERT INTO matching_runs VALUES ('{run}', 'test', 'ready', '', 'exact', 'm', 'a', 2, 2, 1,"
        f" '{{}}', now(), now());{statements}"
        f"INSERT INTO match_scores VALUES ('{low}', '{high}', {score}, 'strong', 'm', 'a', '', '{run}',"
        f" NULL, now(), now());"
        f"INSERT INTO match_reasons VALUES ('{low}', '{high}', '{low}', '{ids[0]}', '{ids[1]}', 0.5, 0.5),"
        f" ('{low}', '{high}', '{high}', '{ids[2]}', '{ids[3]}', 0.5, 0.5);",
    )


def _tell(beside: Installation, member: UUID) -> bool:
    with beside.relay.databases.backend() as backend:
        return telling.tell(backend, member)


def _log(beside: Installation) -> list[deliveries.Delivery]:
    with beside.relay.databases.backend() as backend:
        return webhooks.listed(backend)


def test_a_set_is_told_once_and_again_only_when_it_changed(beside: Installation) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    _pair_of(beside, ann, bob)
    assert _tell(beside, ann)
    assert not _tell(beside, ann)
    _pair_of(beside, ann, cleo)
    assert _tell(beside, ann)
    beside.work()
    [body] = beside.backend.received("matches-ready", taken=False)  # the older one was taken back
    assert {entry["user_b_id"] for entry in body["matches"]} == {str(bob), str(cleo)}
    assert {entry["user_a_id"] for entry in body["matches"]} == {str(ann)}
    assert all(type(entry["match_score"]) is int for entry in body["matches"])
    assert {one.state for one in _log(beside)} == {"sent", "superseded"}


def test_decided_pairs_are_always_told_even_when_nothing_is_known_of_them(
    beside: Installation,
) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    _pair_of(beside, ann, bob)
    assert _tell(beside, ann)
    beside.work()
    [match_id] = beside.backend.matches_of(ann).values()
    beside.backend.decide(ann, match_id, "approved")
    beside.pair.sql(BACKEND, "DELETE FROM match_scores")
    _pair_of(beside, ann, cleo)
    assert _tell(beside, ann)
    beside.work()
    assert beside.backend.matches_of(ann)[bob] == match_id
    bare = beside.backend.received("matches-ready")[-1]["matches"][0]
    assert bare == {
        "user_a_id": str(ann), "user_b_id": str(bob), "user_a_designation": "",
        "user_b_designation": "",
    }  # fmt: skip


def test_a_set_too_large_for_one_body_is_split_without_undoing_itself(
    beside: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = beside.backend.sign_up("Ann")
    others = [beside.backend.sign_up(f"Member{number}") for number in range(9)]
    for number, other in enumerate(others):
        _pair_of(beside, ann, other, 0.9 - number / 100)
    monkeypatch.setattr(telling, "MOST_BYTES", 500)
    assert _tell(beside, ann)
    beside.work(3)
    assert set(beside.backend.matches_of(ann)) == set(others)
    assert len(beside.backend.received("matches-ready")) == 1
    assert len(beside.backend.received("user-matches-ready")) >= 2
    assert max(len(json.dumps(call.body)) for call in beside.backend.calls) < 700
    order = [call.path.rpartition("/")[2] for call in beside.backend.calls]
    assert order[0] == "matches-ready"


def test_a_member_who_left_meanwhile_fails_no_call(beside: Installation) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    _pair_of(beside, ann, bob)
    _pair_of(beside, ann, cleo)
    assert _tell(beside, ann)
    beside.pair.sql(BACKEND, f"DELETE FROM users WHERE id = '{bob}'")
    beside.work(2)
    assert set(beside.backend.matches_of(ann)) == {cleo}
    assert {call.status for call in beside.backend.calls} == {201}


def test_a_backend_that_asks_to_wait_is_left_alone_so_long(beside: Installation) -> None:
    ann, bob = (beside.backend.sign_up(name) for name in ("Ann", "Bob"))
    beside.backend.wrong = lambda _path: (429, {"Retry-After": "120"})
    with beside.relay.databases.backend() as backend:
        for member in (ann, bob):
            telling.tell_summary(backend, member, "## What I need")
    begun = datetime.now(UTC)
    beside.relay.look()
    called = len(beside.backend.calls)
    for one in _log(beside):
        assert one.state == "waiting"
        assert one.available_at > begun + timedelta(seconds=100)
    beside.relay.look()
    assert len(beside.backend.calls) == called
    beside.backend.wrong = lambda _path: None
    beside.pair.sql(BACKEND, "UPDATE webhook_deliveries SET available_at = now()")
    beside.work()
    assert len(beside.backend.received("summary-ready")) == 2


def test_what_is_refused_is_not_tried_again_and_what_is_a_day_old_is_given_up(
    beside: Installation, reciprocity: Reciprocity
) -> None:
    ann = beside.backend.sign_up("Ann")
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need")
    beside.backend.wrong = lambda _path: (400, {})
    beside.work(3)
    assert len(beside.backend.calls) == 1
    [one] = _log(beside)
    assert (one.state, one.status_code) == ("failed", 400)

    values = beside.pair.environment | {"RECIPROCITY_BACKEND_URL": beside.backend.url}
    ended = reciprocity("webhooks", "replay", str(one.id), environment=values)
    assert ended.stdout == "1 are sent again.\n"
    beside.backend.wrong = lambda _path: (500, {})
    beside.relay.look()
    beside.pair.sql(
        BACKEND, "UPDATE webhook_deliveries SET give_up_at = now(), available_at = now()"
    )
    beside.relay.look()
    assert [one.state for one in _log(beside)] == ["failed"]
    shown = reciprocity("webhooks", "show", str(one.id), environment=values).stdout
    assert shown.count("answered") == 3
    assert "What I need" not in shown
    listed = reciprocity("webhooks", "list", environment=values).stdout
    assert "failed" in listed
    assert "summary-ready" in listed
    assert "What I need" in reciprocity(
        "webhooks", "show", str(one.id), "--body", environment=values
    ).stdout  # fmt: skip


def test_a_backend_that_is_slow_or_away_keeps_nothing_from_being_told_later(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need")
    beside.backend.slow = 2.5
    beside.relay.look()
    [one] = _log(beside)
    assert (one.state, one.last_error) == ("waiting", "no answer in time")
    beside.backend.slow = 0.0
    beside.work(2)
    assert [one.state for one in _log(beside)] == ["sent"]


def test_a_replayed_set_is_the_one_of_now_and_not_the_old_one(
    beside: Installation, reciprocity: Reciprocity
) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    _pair_of(beside, ann, bob)
    assert _tell(beside, ann)
    beside.work()
    [one] = _log(beside)
    _pair_of(beside, ann, cleo)
    values = beside.pair.environment | {"RECIPROCITY_BACKEND_URL": beside.backend.url}
    assert reciprocity("webhooks", "replay", str(one.id), environment=values).status == 0
    beside.work(2)
    assert set(beside.backend.matches_of(ann)) == {bob, cleo}


def test_webhooks_that_failed_for_good_are_told_and_counted_until_one_is_taken(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    beside.backend.wrong = lambda _path: (400, {})
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need")
    beside.work(2)
    seen = sight.observe(beside.relay.databases)
    assert seen.webhooks == {("backend", "failed"): 1}
    assert ["1 webhooks failed for good" in line for line in seen.wrong()] == [True]
    told = beside.get("/admin/system-health")
    assert told["overall_status"] == "degraded"
    assert "webhooks failed for good" in str(told["report"]["wrong"])
    assert "webhooks failed for good" in str(beside.client.get("/health/ready").json())
    metrics = beside.client.get("/metrics", headers=WITH_KEY).text
    line = 'reciprocity_webhooks{database="backend",receiver="backend",state="failed"} 1.0'
    assert line in metrics

    beside.backend.wrong = lambda _path: None
    [one] = _log(beside)
    with beside.relay.databases.backend() as backend:
        webhooks.replay(backend, [one.id])
    beside.work(2)
    assert sight.observe(beside.relay.databases).wrong() == []
    beside.backend.wrong = lambda _path: (400, {})
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need now")
    beside.work(2)
    beside.backend.wrong = lambda _path: None
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need instead")
    beside.work(2)
    assert sight.observe(beside.relay.databases).webhooks == {}
