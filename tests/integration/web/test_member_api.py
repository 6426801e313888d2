"""The API of the members: the same things as JSON, and every route against one table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.member.router import PREFIX
from app.services import accounts
from tests.integration.web.conftest import PASSWORD, SERVICE_KEY, Members

# Route → what each caller gets: nobody, another member, the member whose it is, an operator, the key
# of a service. What a route is sent stands in BODIES.
OWN = (401, 200, 200, 200, 401)
DONE = (401, 204, 204, 204, 401)
THEIRS = (401, 404, 200, 404, 401)
THEIRS_DONE = (401, 404, 204, 404, 401)
SENT = (202, 202, 202, 202, 202)
GONE = (410, 410, 410, 410, 410)
TABLE = {
    "POST /accounts": SENT,
    "POST /accounts/confirmations": GONE,
    "POST /passwords/forgotten": SENT,
    "POST /passwords": GONE,
    "POST /addresses": GONE,
    "POST /sessions": (201, 201, 201, 201, 201),
    "GET /sessions": OWN,
    "GET /me": OWN,
    "GET /me/profile": OWN,
    "PUT /me/profile": OWN,
    "PUT /me/password": (401, 422, 422, 422, 401),
    "POST /me/address": (401, 422, 422, 422, 401),
    "GET /me/summary": OWN,
    "PUT /me/summary": OWN,
    "PUT /me/summary/approval": OWN,
    "GET /me/progress": OWN,
    "POST /me/progress/retries": (401, 409, 409, 409, 401),
    "PUT /me/pause": DONE,
    "GET /me/rules": OWN,
    "PUT /me/rules": OWN,
    "GET /me/disclosure": OWN,
    "PUT /me/disclosure": OWN,
    "GET /me/notifications": OWN,
    "PUT /me/notifications": OWN,
    "GET /me/onboarding": OWN,
    "GET /me/onboarding/messages": OWN,
    "POST /me/onboarding/messages": (401, 201, 201, 201, 401),
    "POST /me/onboarding/documents": (401, 422, 422, 422, 401),
    "POST /me/onboarding/items": (401, 201, 201, 201, 401),
    "PUT /me/onboarding/items/{item_id}": (401, 404, 404, 404, 401),
    "DELETE /me/onboarding/items/{item_id}": (401, 404, 404, 404, 401),
    "POST /me/onboarding/completion": OWN,
    "GET /me/export": OWN,
    "GET /me/departure": (401, 404, 404, 404, 401),
    "PUT /me/departure": (401, 422, 422, 422, 401),
    "DELETE /me/departure": (401, 404, 404, 404, 401),
    "PUT /me/picture": (401, 422, 422, 422, 401),
    "DELETE /me/picture": DONE,
    "GET /pictures/{version}": (401, 404, 404, 404, 401),
    "GET /reports": OWN,
    "POST /matches/{match_id}/reports": (401, 404, 201, 404, 401),
    "GET /matches": OWN,
    "PUT /matches/{match_id}/decision": THEIRS,
    "GET /conversations": OWN,
    "GET /conversations/{match_id}": THEIRS,
    "GET /conversations/{match_id}/messages": THEIRS,
    "POST /conversations/{match_id}/messages": (401, 404, 201, 404, 401),
    "PUT /conversations/{match_id}/read": THEIRS_DONE,
    "GET /blocks": OWN,
    "DELETE /conversations/{match_id}": THEIRS_DONE,
    "PUT /blocks/{user_id}": THEIRS_DONE,
    "DELETE /blocks/{user_id}": THEIRS_DONE,
    "GET /events": (401, 200, 200, 200, 401),
    "DELETE /sessions/{session_id}": (401, 404, 404, 404, 401),
    "DELETE /sessions/current": DONE,
    "DELETE /sessions": (401, 401, 401, 401, 401),
}
BODIES: dict[str, Any] = {
    "POST /accounts": {"email": "new@example.org", "password": PASSWORD, "first_name": "New"},
    "POST /accounts/confirmations": {"token": "x"},
    "POST /passwords/forgotten": {"email": "ann@example.org"},
    "POST /passwords": {"token": "x", "password": PASSWORD},
    "POST /addresses": {"token": "x"},
    "POST /sessions": {"email": "ann@example.org", "password": PASSWORD},
    "PUT /me/profile": {"first_name": "Somebody"},
    "PUT /me/password": {"current": "wrong wrong", "password": PASSWORD},
    "POST /me/address": {"current": "wrong wrong", "email": "x@example.org"},
    "PUT /me/summary": {"needs": ["tax advice"], "offers": ["piano lessons"]},
    "PUT /me/pause": {"paused": False},
    "PUT /me/rules": {"places": ["Lisbon"], "budget": 5},
    "PUT /me/disclosure": {"last_name": "talking"},
    "PUT /me/notifications": {"introductions": "weekly", "opened": "daily", "messages": "never"},
    "POST /matches/{match_id}/reports": {"reason": "spam", "text": "x"},
    "POST /me/onboarding/messages": {"text": "I need help with my taxes."},
    "POST /me/onboarding/items": {"kind": "offer", "text": "piano lessons"},
    "PUT /me/onboarding/items/{item_id}": {"kind": "need", "text": "piano lessons"},
    "PUT /me/departure": {"current": "wrong wrong"},
    "PUT /matches/{match_id}/decision": {"choice": "yes"},
    "POST /conversations/{match_id}/messages": {"body": "hello"},
    "PUT /conversations/{match_id}/read": {"number": 1},
}
_keys = itertools.count()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as running:
        yield running


def _token(client: TestClient, email: str) -> dict[str, str]:
    answer = client.post(f"{PREFIX}/sessions", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _talking(
    client: TestClient, members: Members
) -> tuple[dict[str, str], dict[str, str], UUID, UUID]:
    _, ben_id, match_id = members.couple()
    ann, ben = _token(client, "ann@example.org"), _token(client, "ben@example.org")
    for carried in (ann, ben):
        decided = client.put(
            f"{PREFIX}/matches/{match_id}/decision", json={"choice": "yes"}, headers=carried
        )
        assert decided.status_code == 200
    return ann, ben, match_id, ben_id


def test_every_route_stands_in_the_table(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    found = [
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in paths.items()
        if path.startswith(PREFIX)
        for method in methods
    ]
    assert sorted(found) == sorted(TABLE)


def test_every_caller_gets_at_every_route_what_the_table_says(
    client: TestClient, members: Members
) -> None:
    ann, _, match_id, ben_id = _talking(client, members)
    members.join("Other", ["x"], ["y"])
    accounts.create(
        members.people.databases, accounts.Wish("op@example.org", PASSWORD, "Op"), operator=True
    )
    callers: list[dict[str, str]] = [
        {},
        _token(client, "other@example.org"),
        ann,
        _token(client, "op@example.org"),
        {"X-API-KEY": SERVICE_KEY},
    ]
    wrong = []
    for place, carried in enumerate(callers):
        for route, expected in TABLE.items():
            if route == "GET /events" and expected[place] == 200:
                continue  # this stream never ends by itself: test_live reads it
            method, path = route.split(" ")
            ids = {"session_id": uuid4(), "item_id": uuid4(), "version": uuid4()}
            path = path.format(match_id=match_id, user_id=ben_id, **ids)
            headers = carried | {"Idempotency-Key": f"k{next(_keys)}"}
            body = BODIES.get(route)
            if expected is SENT:  # letters to one address are limited
                body = {**BODIES[route], "email": f"new{place}@example.org"}
            answer = client.request(method, PREFIX + path, json=body, headers=headers)
            if answer.status_code != expected[place]:
                wrong.append(f"{place}: {route} gave {answer.status_code}: {answer.text[:100]}")
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", route
                assert set(answer.json()) == {"type", "title", "status", "code", "detail"}
    assert wrong == []


def test_a_cookie_of_the_site_lets_nobody_into_the_api(
    client: TestClient, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    token = _token(client, "ann@example.org")["Authorization"].removeprefix("Bearer ")
    client.cookies.set("session", token)
    assert client.get(f"{PREFIX}/me").status_code == 401
    assert client.get("/account", follow_redirects=False).status_code == 303


def test_messages_are_written_once_for_a_key_and_read_by_both(
    client: TestClient, members: Members
) -> None:
    ann, ben, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/conversations/{match_id}"
    body = "<script>alert(1)</script> &amp;"
    for _ in range(2):
        sent = client.post(
            f"{path}/messages", json={"body": body}, headers=ann | {"Idempotency-Key": "one"}
        )
        assert (sent.status_code, sent.json()["number"]) == (201, 1)
    read = client.get(f"{path}/messages", headers=ben).json()["items"]
    assert [one["body"] for one in read] == [body]
    assert client.get(path, headers=ben).json()["unread"] == 1
    client.put(f"{path}/read", json={"number": 1}, headers=ben)
    assert client.get(path, headers=ann).json()["their_read"] == 1
    assert client.get(path, headers=ann).json()["contact"] == {
        "email": "ben@example.org",
        "links": [],
    }
    no_key = client.post(f"{path}/messages", json={"body": "x"}, headers=ann)
    assert (no_key.status_code, no_key.json()["code"]) == (422, "invalid_input")


def test_matches_come_page_by_page_in_the_order_of_the_list_and_hide_a_lone_yes(
    client: TestClient, members: Members
) -> None:
    members.people.crowd(7)
    members.with_password("member0@example.org", "Member0")
    members.people.relay.look()
    carried = _token(client, "member0@example.org")
    whole = client.get(f"{PREFIX}/matches", headers=carried).json()
    assert len(whole["items"]) == 6
    assert "their_decision" not in str(whole)
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "4"} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{PREFIX}/matches", params=query, headers=carried).json()
        found += page["items"]
        cursor = page["next"]
    assert found == whole["items"]
    for bad in ("x", "bnVsbA==", "W05hTiwgIngiXQ==", "é"):
        refused = client.get(f"{PREFIX}/matches", params={"cursor": bad}, headers=carried)
        assert refused.status_code == 422


def test_too_many_attempts_are_told_how_long_to_wait(client: TestClient) -> None:
    for _ in range(10):
        wrong = client.post(f"{PREFIX}/sessions", json={"email": "a@b.cd", "password": "x"})
        assert wrong.status_code == 401
    limited = client.post(f"{PREFIX}/sessions", json={"email": "A@b.cd", "password": "x"})
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 60
    assert "Try again in" in limited.json()["detail"]


def test_an_account_begins_ends_its_sessions_and_is_told_alike_for_every_address(
    client: TestClient, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    answers = [
        client.post(
            f"{PREFIX}/accounts",
            json={"email": email, "password": PASSWORD, "first_name": "X"},
        )
        for email in ("ann@example.org", "new@example.org")
    ]
    answers += [
        client.post(f"{PREFIX}/passwords/forgotten", json={"email": email})
        for email in ("ann@example.org", "nobody@example.org")
    ]
    assert len({(one.status_code, one.text) for one in answers}) == 1
    here, there = (_token(client, "ann@example.org") for _ in range(2))
    assert len(client.get(f"{PREFIX}/sessions", headers=here).json()["items"]) == 2
    client.delete(f"{PREFIX}/sessions", headers=here)
    assert client.get(f"{PREFIX}/me", headers=there).status_code == 401
