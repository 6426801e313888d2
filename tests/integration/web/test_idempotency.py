"""A program's POST is carried out once for each key; lists come page by page; the schema says it."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from app.api.member.router import PREFIX
from app.databases.names import Database
from app.errors import ReciprocityError
from app.services import idempotency
from app.services.idempotency import Answer, Call, InProgressError
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, Members
from tests.integration.web.test_member_api import _talking, _token, client
from tests.unit.adapters.test_documents import pdf

__all__ = ["client"]  # the fixture of the other tests of this API


def _keyed(carried: dict[str, str], key: str) -> dict[str, str]:
    return carried | {"Idempotency-Key": key}


def test_the_same_key_gives_the_same_answer_and_does_nothing(
    client: TestClient, members: Members, pair: Pair
) -> None:
    ann, ben, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/matches/{match_id}/reports"
    first, again = (
        client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one")) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM reports;") == "1"
    other = client.post(path, json={"reason": "spam"}, headers=_keyed(ben, "one"))
    assert "idempotent-replayed" not in other.headers, "another member's keys are their own"


def test_another_request_under_the_same_key_is_refused(
    client: TestClient, members: Members
) -> None:
    ann, _, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/matches/{match_id}/reports"
    client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one"))
    for where, body in ((path, {"reason": "fraud"}), (f"{PREFIX}/me/progress/retries", None)):
        refused = client.post(where, json=body, headers=_keyed(ann, "one"))
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency_key_reused"
        assert refused.headers["content-type"] == "application/problem+json"


def test_what_was_refused_can_be_sent_again_under_its_key(
    client: TestClient, members: Members
) -> None:
    ann, _, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/matches/{match_id}/reports"
    assert client.post(path, json={}, headers=_keyed(ann, "one")).status_code == 422
    sent = client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one"))
    assert sent.status_code == 201


def test_two_at_once_under_one_key_are_carried_out_once(
    client: TestClient, members: Members, pair: Pair
) -> None:
    ann, _, match_id, _ = _talking(client, members)

    def send(_: int) -> Any:
        path = f"{PREFIX}/matches/{match_id}/reports"
        return client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one"))

    with ThreadPoolExecutor(6) as several:
        answers = list(several.map(send, range(6)))
    assert {one.status_code for one in answers} <= {201, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {
        "idempotency_in_progress"
    }
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM reports;") == "1"


def test_a_call_at_work_holds_its_key_until_it_counts_as_lost_and_an_answer_lives_a_day(
    members: Members, pair: Pair
) -> None:
    databases = members.people.databases
    call = Call(b"caller", "key", b"fingerprint")
    assert idempotency.begin(databases, call) is None
    with pytest.raises(InProgressError):
        idempotency.begin(databases, call)
    age = "UPDATE idempotency_keys SET created_at = created_at - interval '{}';"
    pair.sql(Database.BACKEND, age.format("3 minutes"))
    assert idempotency.begin(databases, call) is None
    idempotency.finish(databases, call, Answer(200, "text/plain", b"done"), secret=False)
    assert idempotency.begin(databases, call) == Answer(200, "text/plain", b"done")
    pair.sql(Database.BACKEND, age.format("25 hours"))
    with databases.backend() as backend:
        assert idempotency.forget_old(backend) == 1
    assert idempotency.begin(databases, call) is None
    for bad in ("", "x" * 101, "a\nb"):
        with pytest.raises(ReciprocityError, match="printable"):
            idempotency.begin(databases, Call(b"caller", bad, b""))


def test_a_token_is_told_once_and_never_kept(
    client: TestClient, members: Members, pair: Pair
) -> None:
    members.with_password("ann@example.org", "Ann")
    body = {"email": "ann@example.org", "password": PASSWORD}
    path = f"{PREFIX}/sessions"
    token = client.post(path, json=body, headers=_keyed({}, "one")).json()["token"]
    again = client.post(path, json=body, headers=_keyed({}, "one"))
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_answer_not_kept")
    kept = pair.sql(Database.BACKEND, "SELECT convert_from(body, 'UTF8') FROM idempotency_keys;")
    assert token not in kept


def test_an_ended_token_gets_no_answer_from_before(client: TestClient, members: Members) -> None:
    ann, _, match_id, _ = _talking(client, members)
    path = f"{PREFIX}/matches/{match_id}/reports"
    client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one"))
    client.delete(f"{PREFIX}/sessions/current", headers=ann)
    late = client.post(path, json={"reason": "spam"}, headers=_keyed(ann, "one"))
    assert late.status_code == 401


def test_a_file_under_one_key_is_heard_once_and_more_than_fits_is_refused(
    client: TestClient, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = _token(client, "ann@example.org")
    path = f"{PREFIX}/me/onboarding/documents"
    resume = pdf("I can teach piano to beginners. I need help with my taxes.")
    first, heard = (
        client.post(path, files={"document": resume}, headers=_keyed(ann, "one")) for _ in range(2)
    )
    assert first.json() == heard.json()
    assert heard.headers["idempotent-replayed"] == "true"
    assert [one["text"] for one in heard.json()["offers"]] == ["I can teach piano to beginners"]
    sayings = client.get(f"{PREFIX}/me/onboarding/messages", headers=ann).json()["items"]
    assert [one["source"] for one in sayings if one["author"] == "member"] == ["document"]
    large = client.post(path, files={"document": b"%PDF-" + bytes(12 * 2**20)}, headers=ann)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_onboarding_is_led_through_by_a_program(client: TestClient, members: Members) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = _token(client, "ann@example.org")
    base = f"{PREFIX}/me/onboarding"
    assert client.get(base, headers=ann).json()["needs"] == []
    assert client.post(f"{base}/completion", headers=ann).status_code == 422
    said = {"text": "I am looking for somebody who helps me with my taxes."}
    talk = client.post(f"{base}/messages", json=said, headers=ann).json()
    need = talk["needs"][0]
    assert need["message_id"] is not None
    body = {"kind": "need", "text": "help with my tax return"}
    changed = client.put(f"{base}/items/{need['id']}", json=body, headers=ann).json()
    assert [one["text"] for one in changed["needs"]] == ["help with my tax return"]
    added = client.post(f"{base}/items", json={"kind": "offer", "text": "piano"}, headers=ann)
    offer = added.json()["offers"][0]["id"]
    assert client.delete(f"{base}/items/{offer}", headers=ann).json()["offers"] == []
    done = client.post(f"{base}/completion", headers=ann).json()
    assert (done["version"], done["status"]) == (1, "draft")
    first = client.get(f"{base}/messages", params={"limit": 2}, headers=ann).json()
    rest = client.get(f"{base}/messages", params={"cursor": first["next"]}, headers=ann).json()
    positions = [one["position"] for one in first["items"] + rest["items"]]
    assert positions == list(range(1, len(positions) + 1))


def test_every_list_comes_page_by_page_without_gap_or_double(
    client: TestClient, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    tokens = [_token(client, "ann@example.org") for _ in range(5)]
    whole = client.get(f"{PREFIX}/sessions", headers=tokens[0]).json()["items"]
    found: list[Any] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = client.get(f"{PREFIX}/sessions", params=query, headers=tokens[0]).json()
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert [one["id"] for one in found] == [one["id"] for one in whole]
    assert len(found) == 5
    far, nowhere = (
        base64.urlsafe_b64encode(json.dumps([at, str(uuid4())]).encode()).decode()
        for at in ("0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00")
    )
    for path in ("sessions", "conversations", "blocks", "reports"):
        for bad in ("x", "bnVsbA==", "WyJ4IiwgIngiXQ==", far, nowhere):
            refused = client.get(f"{PREFIX}/{path}", params={"cursor": bad}, headers=tokens[0])
            assert refused.status_code == 422, (path, bad)


def test_a_program_takes_everything_along_sets_a_picture_and_leaves(
    client: TestClient, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = _token(client, "ann@example.org")
    written = io.BytesIO()
    Image.new("RGB", (700, 700), "teal").save(written, "PNG")
    put = client.put(f"{PREFIX}/me/picture", files={"picture": written.getvalue()}, headers=ann)
    picture = client.get(f"{PREFIX}/pictures/{put.json()['version']}", headers=ann)
    assert picture.content.startswith(b"\xff\xd8\xff")
    packed = client.get(f"{PREFIX}/me/export", headers=ann)
    assert packed.headers["content-type"] == "application/zip"
    leaving = client.put(f"{PREFIX}/me/departure", json={"current": PASSWORD}, headers=ann).json()
    days = datetime.fromisoformat(leaving["erase_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < days <= timedelta(days=7)
    assert client.get(f"{PREFIX}/me/departure", headers=ann).json() == leaving
    assert client.delete(f"{PREFIX}/me/departure", headers=ann).status_code == 204


def test_the_schema_tells_of_the_key_at_every_post_and_gives_examples(app: FastAPI) -> None:
    schema = app.openapi()
    for path, methods in schema["paths"].items():
        if path.startswith(PREFIX) and "post" in methods:
            headers = [one["name"].lower() for one in methods["post"].get("parameters", [])]
            assert headers.count("idempotency-key") == 1, path
            for kind, body in methods["post"].get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    assert _has_example(schema, body["schema"]), path


def _has_example(schema: dict[str, Any], body: dict[str, Any]) -> bool:
    named = schema["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    return any("examples" in one for one in named["properties"].values())
