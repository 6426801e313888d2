"""Closed by default: every route there is, asked with every key, against one table of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount

from tests.conftest import Pair
from tests.integration.api.conftest import KEY, Serve

# What anybody may ask without a key. Whoever adds a line here opens a door.
OPEN = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/oauth2-redirect",
        "/redoc",
    }
)
# What browsers call without the backend's key: a session of ours lets them in, or nothing is done.
BY_SESSION = frozenset({"/api/v1/onboarding/upload-resume", "/api/v1/voice/transcribe"})


def _routes(client: TestClient) -> Iterator[tuple[str, str]]:
    assert isinstance(client.app, FastAPI)
    yield from _walk(client.app.routes)


def _walk(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(routes):
        if isinstance(route.route, Mount):
            yield from ((how, route.route.path + path) for how, path in _walk(route.route.routes))
            continue
        assert route.path, f"a route that this walk cannot ask: {route}"
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, route.path


def _closed(client: TestClient) -> list[tuple[str, str]]:
    """List the routes for machines; members' own faces have sessions, and a walk of their own."""
    prefixes = ("/api/v1/", "/metrics")
    machines = [one for one in _routes(client) if one[1].startswith(prefixes)]
    return [(method, path) for method, path in machines if path not in BY_SESSION]


def _filled(path: str) -> str:
    while "{" in path:
        path = path.partition("{")[0] + str(uuid4()) + path.partition("}")[2]
    return path


def test_the_walk_meets_the_routes_that_are_known(client: TestClient) -> None:
    walked = {path for _, path in _closed(client)}
    assert {
        "/api/v1/user/approve-summary",
        "/api/v1/matching/{user_id}/matches",
        "/api/v1/matching/stats",
    } <= walked
    assert {path for _, path in _routes(client)} >= OPEN


def test_no_route_for_operators_or_machines_is_open_unseen(client: TestClient) -> None:
    closed = {path for _, path in _closed(client)}
    prefixes = ("/api/v1", "/health", "/admin", "/metrics", "/internal", "/debug")
    others = (
        {path for _, path in _routes(client) if path.startswith(prefixes)}
        - closed
        - OPEN
        - BY_SESSION
    )
    assert others == set()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-KEY": ""},
        {"X-API-KEY": "wrong"},
        {"X-API-KEY": KEY + "x"},
        {"X-API-KEY": KEY.upper()},
        {"Authorization": f"Bearer {KEY}"},
        {"Cookie": f"X-API-KEY={KEY}"},
        {"X-API-KEY": b"schl\xfcssel"},
    ],
    ids=["none", "empty", "wrong", "longer", "other case", "other header", "cookie", "not ascii"],
)
def test_every_route_without_the_right_key_is_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    for method, path in _closed(client):
        for body in (None, {"user_id": str(uuid4())}):
            answer = client.request(method, _filled(path), json=body, headers=headers)
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "unauthorized"
            assert KEY not in answer.text


def test_every_route_with_the_key_is_let_in(client: TestClient) -> None:
    for method, path in _closed(client):
        answer = client.request(method, _filled(path), headers={"x-api-key": KEY})
        assert answer.status_code not in {401, 403}, f"{method} {path}"


@pytest.mark.parametrize("key", ["", "   "])
def test_without_a_key_set_up_nobody_gets_in_not_even_with_an_empty_one(
    serve: Serve, pair: Pair, key: str
) -> None:
    client = serve(pair, API_KEY=key)
    for sent in (None, "", "   ", "None"):
        headers = {} if sent is None else {"X-API-KEY": sent}
        for method, path in _closed(client):
            answer = client.request(method, _filled(path), headers=headers)
            assert answer.status_code == 401, f"{method} {path}"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_wants_no_key(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_api_describes_itself_under_docs(client: TestClient) -> None:
    assert "swagger" in client.get("/docs").text.lower()
    described = client.get("/openapi.json").json()
    for method, path in _closed(client):
        assert described["paths"][path][method.lower()]["summary"]
    assert KEY not in client.get("/openapi.json").text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v1"),
        ("PUT", "/api/v1/matching/stats"),
        ("GET", "/api/v1/user/approve-summary"),
    ],
)
def test_a_call_that_does_not_exist_is_a_problem_too(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path, headers={"X-API-KEY": KEY})
    assert answer.status_code in {404, 405}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"not_found", "method_not_allowed"}


def test_without_a_session_of_ours_a_browser_can_do_nothing(client: TestClient) -> None:
    resume = {"file": ("resume.pdf", b"%PDF-1.4 nothing", "application/pdf")}
    names = {"session_id": str(uuid4()), "user_id": str(uuid4())}
    answer = client.post("/api/v1/onboarding/upload-resume", files=resume, data=names)
    assert answer.status_code == 404
    answer = client.post("/api/v1/voice/transcribe", files={"file": ("a.ogg", b"ogg")})
    assert answer.status_code == 501
    assert "no speech model" in answer.json()["detail"]
