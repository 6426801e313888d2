"""Too much at once is answered at once: 503 with the seconds to wait; then everything goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.adapters.postgresql import PostgreSQLAdapter
from app.api.overload import LONGEST_LINE, Limits, Overload
from tests.conftest import Pair
from tests.integration.api.conftest import Serve

Endpoint = Callable[[Request], Awaitable[Response]]


def _client(
    endpoint: Endpoint, *, requests: int, streams: int, patience: float, in_line: float = 0.1
) -> Overload:
    app = Starlette(routes=[Route("/", endpoint), Route("/health/live", _at_once)])
    return Overload(app, Limits(requests, streams, patience, in_line))


async def _at_once(_request: Request) -> Response:
    return PlainTextResponse("live")


def _free(app: Overload) -> int:
    return app.places._value


def _asking(app: Overload) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


def test_what_is_more_than_a_process_takes_is_refused_and_later_taken() -> None:
    free = asyncio.Event()

    async def wait(_request: Request) -> Response:
        await free.wait()
        return PlainTextResponse("done")

    async def story() -> None:
        app = _client(wait, requests=3, streams=0, patience=30)
        async with _asking(app) as client:
            taken = [asyncio.create_task(client.get("/")) for _ in range(3)]
            await asyncio.sleep(0.05)
            refused = await client.get("/")
            assert refused.status_code == 503
            assert refused.json()["code"] == "overloaded"
            assert int(refused.headers["Retry-After"]) > 0
            assert (await client.get("/", headers={"Accept": "text/html"})).text.startswith("More")
            assert (await client.get("/health/live")).status_code == 200
            free.set()
            assert [answer.status_code for answer in await asyncio.gather(*taken)] == [200] * 3
            assert (await client.get("/")).status_code == 200
            assert _free(app) == 3

    asyncio.run(story())


def test_a_rush_that_is_over_in_a_moment_stands_in_line_and_nobody_is_refused() -> None:
    async def short(_request: Request) -> Response:
        await asyncio.sleep(0.001)
        return PlainTextResponse("done")

    async def story() -> None:
        app = _client(short, requests=3, streams=0, patience=30, in_line=30)
        async with _asking(app) as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
            rush = await asyncio.gather(*(client.get("/") for _ in range(100)))
            assert 3 * LONGEST_LINE <= sum(one.status_code == 200 for one in rush) < 100

    asyncio.run(story())


def test_what_takes_too_long_is_given_up_on_and_keeps_its_place_until_it_ends() -> None:
    ended = threading.Event()

    async def hang(_request: Request) -> Response:
        await run_in_threadpool(ended.wait, 20)
        return PlainTextResponse("late")

    async def story() -> None:
        app = _client(hang, requests=1, streams=0, patience=0.2)
        async with _asking(app) as client:
            begun = time.monotonic()
            late = await client.get("/")
            assert (late.status_code, late.json()["code"]) == (503, "overloaded")
            assert (await client.get("/")).status_code == 503, "its thread is still taken"
            assert time.monotonic() - begun < 5
            ended.set()
            for _ in range(100):
                await asyncio.sleep(0.02)
                if _free(app):
                    break
            assert (await client.get("/")).status_code == 200

    asyncio.run(story())


def test_open_streams_take_no_place_of_requests_and_have_a_limit_of_their_own() -> None:
    free = asyncio.Event()

    async def events(_request: Request) -> Response:
        async def tell() -> AsyncIterator[str]:
            yield "data: 1\n\n"
            await free.wait()

        return StreamingResponse(tell(), media_type="text/event-stream")

    async def story() -> None:
        app = _client(events, requests=1, streams=2, patience=0.1)
        async with _asking(app) as client:
            opened = []
            for _ in range(2):
                opened.append(asyncio.create_task(client.get("/")))
                await asyncio.sleep(0.05)
            assert (_free(app), app.streaming) == (1, 2)
            assert (await client.get("/")).status_code == 503
            await asyncio.sleep(0.2)
            assert not any(one.done() for one in opened), "a stream may last"
            free.set()
            assert [one.status_code for one in await asyncio.gather(*opened)] == [200, 200]
            assert (_free(app), app.streaming) == (1, 0)

    asyncio.run(story())


def test_an_error_of_the_application_passes_through_and_frees_its_place() -> None:
    async def fail(_request: Request) -> Response:
        raise ZeroDivisionError

    async def story() -> None:
        app = _client(fail, requests=1, streams=0, patience=5)
        async with _asking(app) as client:
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    await client.get("/")
        assert _free(app) == 1

    asyncio.run(story())


def test_a_rush_on_a_place_whose_database_stands_still_is_answered_and_it_recovers_by_itself(
    serve: Serve, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 1.0)
    client: TestClient = serve(
        pair,
        DATABASE_POOL_SIZE="2",
        DATABASE_STATEMENT_TIMEOUT="2",
        API_MOST_REQUESTS="8",
        API_REQUEST_TIMEOUT="5",
    )
    body = {"email": "ann@example.org", "password": "not her password"}

    def ask(_number: int) -> tuple[int, str]:
        answer = client.post("/api/member/v1/sessions", json=body)
        return answer.status_code, answer.headers.get("Retry-After", "")

    assert ask(0)[0] == 401
    other = PostgreSQLAdapter(pair.settings)
    with other.backend() as backend, ThreadPoolExecutor(30) as crowd:
        backend.execute("LOCK TABLE rate_limits")
        begun = time.monotonic()
        answers = list(crowd.map(ask, range(60)))
        took = time.monotonic() - begun
    other.close()
    assert {status for status, _ in answers} == {503}
    assert all(int(wait) > 0 for _, wait in answers)
    assert took < 20
    assert ask(0)[0] in {401, 429}
