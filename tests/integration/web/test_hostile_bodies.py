"""Whatever a program sends, no answer is a failure of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from starlette.testclient import TestClient

from app.api.member.router import PREFIX
from tests.integration.web.conftest import Members
from tests.integration.web.test_member_api import BODIES, TABLE, _talking, client

__all__ = ["client"]  # the fixture of the other tests of this API
HOSTILE: tuple[Any, ...] = (
    "a\0b", "\ud800", "x" * 300_000, "", None, -1, 2**70, 1.5, True, [], ["\0"], {"a": []},
)  # fmt: skip


def _mutated(body: dict[str, Any]) -> Iterator[Any]:
    for name in body:
        for value in HOSTILE:
            yield body | {name: value}
            yield body | {name: [value]}
    yield from (body | {"more": 1}, [], None, "x", 7)


def test_no_body_brings_a_route_down(client: TestClient, members: Members) -> None:
    ann, _, match_id, ben_id = _talking(client, members)
    ids = {"session_id": uuid4(), "item_id": uuid4(), "version": uuid4()}
    failed, asked = [], 0
    for route, body in BODIES.items():
        if TABLE[route][2] == 202:
            continue  # letters are limited: what is asked too often says so
        method, path = route.split(" ")
        path = PREFIX + path.format(match_id=match_id, user_id=ben_id, **ids)
        for number, wrong in enumerate(_mutated(body)):
            headers = ann | {"Idempotency-Key": f"{route} {number}"}
            headers |= {"Content-Type": "application/json"}
            answer = client.request(method, path, content=json.dumps(wrong), headers=headers)
            asked += 1
            if answer.status_code >= 500:
                failed.append(f"{route} {str(wrong)[:80]}: {answer.status_code}")
            elif answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", route
    assert failed == []
    assert asked > 300


def test_no_key_place_or_token_brings_a_route_down(client: TestClient, members: Members) -> None:
    ann, _, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/matches/{match_id}/reports"
    for key in ("", " ", "\t", "é", "x" * 5000, "a\x7fb"):
        for carried in (ann, {"Authorization": "Bearer " + key}, {"Authorization": key}):
            headers = {name: value.encode("latin-1") for name, value in carried.items()}
            headers["Idempotency-Key"] = key.encode("latin-1")
            sent = client.post(path, json={"reason": "spam"}, headers=headers)  # type: ignore[arg-type] # bytes, as they travel
            assert sent.status_code in {201, 401, 422, 429}, (key, sent.text)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "text/plain", ""):
        answer = client.post(
            f"{PREFIX}/me/onboarding/documents",
            content=b"--x\r\n\r\n",
            headers=ann | {"Content-Type": kind, "Idempotency-Key": kind or "none"},
        )
        assert answer.status_code in {400, 422}, (kind, answer.text)
