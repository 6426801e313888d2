"""The operators' API: the same things as JSON, and every route against one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.member.router import PREFIX as MEMBER_PREFIX
from app.api.operator.router import PREFIX
from app.databases.names import Database
from app.services import accounts, reports
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, SERVICE_KEY, Members

BACKEND = Database.BACKEND

# Route → what each caller gets: nobody, a member, an operator, the key of a service.
TABLE = {
    "GET /overview": (401, 404, 200, 401),
    "GET /members?q=ann": (401, 404, 200, 401),
    "GET /members/{user_id}": (401, 404, 200, 401),
    "POST /members/{user_id}/again": (401, 404, 204, 401),
    "DELETE /members/{user_id}/suspension": (401, 404, 409, 401),
    "GET /why?missing=ben@example.org&owner=ann@example.org": (401, 404, 200, 401),
    "GET /reports": (401, 404, 200, 401),
    "GET /reports/{report_id}": (401, 404, 200, 401),
    "PUT /reports/{report_id}/decision": (401, 404, 204, 401),
    "GET /audit": (401, 404, 200, 401),
}
BODIES: dict[str, Any] = {
    "POST /members/{user_id}/again": {"stage": "match"},
    "PUT /reports/{report_id}/decision": {"decision": "dismiss"},
}


@pytest.fixture
def client(app: FastAPI, members: Members) -> Iterator[TestClient]:
    wish = accounts.Wish("op@example.org", PASSWORD, "Op")
    accounts.create(members.people.databases, wish, operator=True)
    with TestClient(app) as running:
        yield running


def _token(client: TestClient, email: str) -> dict[str, str]:
    answer = client.post(f"{MEMBER_PREFIX}/sessions", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _reported(members: Members) -> tuple[UUID, UUID]:
    ann, ben, match_id = members.couple()
    return ben, reports.report(members.people.databases, ann, match_id, "spam", "sells pianos")


def test_every_route_stands_in_the_table(app: FastAPI) -> None:
    found = [
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        if path.startswith(PREFIX)
        for method in methods
    ]
    assert sorted(found) == sorted(route.partition("?")[0] for route in TABLE)


def test_every_caller_gets_at_every_route_what_the_table_says(
    client: TestClient, members: Members
) -> None:
    ben, report_id = _reported(members)
    callers: list[dict[str, str]] = [
        {},
        _token(client, "ann@example.org"),
        _token(client, "op@example.org"),
        {"X-API-KEY": SERVICE_KEY},
    ]
    for place, carried in enumerate(callers):
        for route, expected in TABLE.items():
            method, path = route.split(" ")
            path = PREFIX + path.format(user_id=ben, report_id=report_id)
            answer = client.request(method, path, json=BODIES.get(route), headers=carried)
            assert answer.status_code == expected[place], f"{place} {route}: {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", route
                assert set(answer.json()) == {"type", "title", "status", "code", "detail"}


def test_the_overview_and_a_member_say_what_the_pages_say(
    client: TestClient, members: Members, pair: Pair
) -> None:
    ben, _ = _reported(members)
    carried = _token(client, "op@example.org")
    told = client.get(f"{PREFIX}/overview", headers=carried).json()
    assert told["way"]["with_matches"] == 2
    assert told["databases"]["ai"]["pair_id"] == told["databases"]["backend"]["pair_id"]
    assert told["last_run"]["pairs"] == 1
    member = client.get(f"{PREFIX}/members/{ben}", headers=carried).json()
    assert (member["first"], member["listed"]) == (None, 1)
    pair.sql(BACKEND, f"UPDATE users SET allow_matching = false WHERE id = '{ben}'")
    member = client.get(f"{PREFIX}/members/{ben}", headers=carried).json()
    assert member["first"]["name"] == "takes_introductions"
    why = f"{PREFIX}/why?missing=ben@example.org&owner=ann@example.org"
    assert client.get(why, headers=carried).json()["code"] == "paused"


def test_what_a_program_does_stands_in_the_log_which_is_read_page_by_page(
    client: TestClient, members: Members
) -> None:
    ben, report_id = _reported(members)
    carried = _token(client, "op@example.org")
    for _ in range(3):
        client.get(f"{PREFIX}/members/{ben}", headers=carried | {"X-Request-ID": "my-request"})
    client.put(
        f"{PREFIX}/reports/{report_id}/decision", json={"decision": "suspend"}, headers=carried
    )
    seen: list[dict[str, Any]] = []
    cursor = None
    for _ in range(3):
        query = "limit=2&about=" + str(ben) + (f"&cursor={cursor}" if cursor else "")
        page = client.get(f"{PREFIX}/audit?{query}", headers=carried).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [one["action"] for one in seen] == ["member_suspended", *["member_seen"] * 3]
    assert seen[0]["details"] == {"report": str(report_id)}
    assert {one["request"] for one in seen[1:]} == {"my-request"}
    wrong = client.get(f"{PREFIX}/audit?cursor=x", headers=carried)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_input")


def test_a_member_who_is_no_operator_cannot_tell_who_exists(
    client: TestClient, members: Members
) -> None:
    ben, _ = _reported(members)
    carried = _token(client, "ann@example.org")
    there = client.get(f"{PREFIX}/members/{ben}", headers=carried).json()
    nobody = client.get(f"{PREFIX}/members/{uuid4()}", headers=carried).json()
    assert there == nobody
