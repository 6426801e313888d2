"""A request whose headers never end is cut off before it fills the memory; others are answered."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.api.heads import LARGEST_HEAD, BoundedHeads

_CLOSE = b"Host: here\r\nConnection: close\r\n\r\n"


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"read {len(await request.body())}")


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    app = Starlette(routes=[Route("/", _length, methods=["GET", "POST"])])
    server = uvicorn.Server(
        uvicorn.Config(app, http=BoundedHeads, lifespan="off", log_config=None, access_log=False)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        running.start()
        yield listening.getsockname()
        server.should_exit = True
        running.join()


def _answer(address: tuple[str, int], *parts: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as opened:
        try:
            for part in parts:
                opened.sendall(part)
            with opened.makefile("rb") as answer:
                return answer.read()
        except ConnectionError:  # closed with more on its way than it has read
            return b"cut off"


@pytest.mark.parametrize(
    "sent",
    [
        [b"GET / HTTP/1.1\r\nHost: here\r\n", *[b"X-More: " + b"a" * 8_000 + b"\r\n"] * 500],
        [b"GET / HTTP/1.1\r\nHost: here\r\nX-One: ", *[b"a" * 8_000] * 500],
        [b"GET /", *[b"a" * 8_000] * 500],
    ],
    ids=["many headers", "one header", "the address"],
)
def test_a_head_that_never_ends_is_cut_off(address: tuple[str, int], sent: list[bytes]) -> None:
    assert sum(map(len, sent)) > 8 * LARGEST_HEAD
    answer = _answer(address, *sent)
    assert answer == b"cut off" or answer.startswith(b"HTTP/1.1 400 ")
    assert b"read 0" in _answer(address, b"GET / HTTP/1.1\r\n" + _CLOSE)


def test_a_long_body_and_headers_that_come_in_pieces_are_read(address: tuple[str, int]) -> None:
    size = 8 * LARGEST_HEAD
    head = f"POST / HTTP/1.1\r\nContent-Length: {size}\r\n".encode() + _CLOSE
    answer = _answer(address, *(head[at : at + 7] for at in range(0, len(head), 7)), b"a" * size)
    assert f"read {size}".encode() in answer
