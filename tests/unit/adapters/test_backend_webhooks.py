"""Webhooks go to targets that were checked, by the address that was checked, and follow nobody else."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from app.adapters.backend_webhooks import CarefulCourier, PlainCourier
from app.errors import InvalidInputError

QUICK = httpx.Timeout(2.0, connect=1.0)


class _Server(ThreadingHTTPServer):
    received: list[tuple[str, dict[str, str], bytes]]
    answer: tuple[int, dict[str, str]]


@pytest.fixture
def server() -> Iterator[_Server]:
    class Handler(BaseHTTPRequestHandler):
        server: _Server

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.received.append((self.path, dict(self.headers), body))
            status, headers = self.server.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output clean."""

    made = _Server(("127.0.0.1", 0), Handler)
    made.received, made.answer = [], (200, {})
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(timeout=5)


def _resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def answer(_host: str, port: int, *_more: Any, **_named: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port))
            for one in addresses
        ]

    monkeypatch.setattr("app.adapters.public_addresses.socket.getaddrinfo", answer)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "::",
        "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1",
        "192.0.2.1", "2001:db8::1", "0.1.2.3",
    ],
)  # fmt: skip
def test_a_target_with_an_address_that_is_not_public_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _resolved(monkeypatch, "93.184.215.14", address)  # one good address beside it does not help
    courier = CarefulCourier()
    with pytest.raises(InvalidInputError, match="not public"):
        courier.checked("https://hooks.example.org/x")
    answer = courier.post("https://hooks.example.org/x", {}, b"{}")
    assert answer.status is None
    assert "not public" in answer.error


@pytest.mark.parametrize(
    "url",
    ["http://example.org/x", "https://user:pw@example.org/", "ftp://example.org/", "https://", "x",
     "https://example.org/#part", ""],
)  # fmt: skip
def test_a_target_that_is_no_plain_https_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    _resolved(monkeypatch, "93.184.215.14")
    with pytest.raises(InvalidInputError):
        CarefulCourier().checked(url)


def test_a_public_target_is_taken_and_the_checked_address_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _resolved(monkeypatch, "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    assert CarefulCourier().checked("https://hooks.example.org/x") == "93.184.215.14"


def test_the_connection_goes_to_the_checked_address_under_the_targets_name(
    monkeypatch: pytest.MonkeyPatch, server: _Server
) -> None:
    _resolved(monkeypatch, "127.0.0.1")
    url = f"http://hooks.example.org:{server.server_port}/x"
    answer = CarefulCourier(development=True, timeout=QUICK).post(url, {"a": "b"}, b"{}")
    assert answer.status == 200
    [(path, headers, body)] = server.received
    assert (path, body) == ("/x", b"{}")
    assert headers["Host"] == f"hooks.example.org:{server.server_port}"
    assert headers["a"] == "b"


def test_a_name_in_letters_of_its_language_is_told_as_it_stands_in_the_network(
    monkeypatch: pytest.MonkeyPatch, server: _Server
) -> None:
    _resolved(monkeypatch, "127.0.0.1")
    courier = CarefulCourier(development=True, timeout=QUICK)
    for name in ("bücher.example", "xn--bcher-kva.example"):
        answer = courier.post(f"http://{name}:{server.server_port}/x", {}, b"{}")
        assert answer.status == 200
    told = {headers["Host"] for _, headers, _ in server.received}
    assert told == {f"xn--bcher-kva.example:{server.server_port}"}


def test_a_machine_in_development_is_the_only_private_target_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _resolved(monkeypatch, "10.0.0.1")
    with pytest.raises(InvalidInputError, match="not public"):
        CarefulCourier(development=True).checked("http://hooks.example.org/x")


def test_no_redirect_and_no_proxy_is_followed(
    monkeypatch: pytest.MonkeyPatch, server: _Server
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.answer = (307, {"location": "http://127.0.0.1:9/elsewhere"})
    url = f"http://127.0.0.1:{server.server_port}/x"
    answer = PlainCourier(QUICK).post(url, {"x-api-key": "k"}, json.dumps({}).encode())
    assert answer.status == 307
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("value", "wait"),
    [("7", timedelta(seconds=7)), ("soon", None), ("", None),
     ("Mon, 01 Jan 2001 00:00:00 GMT", timedelta()), ("99999999999", timedelta(days=1))],
)  # fmt: skip
def test_retry_after_is_read_in_both_its_forms(
    server: _Server, value: str, wait: timedelta | None
) -> None:
    server.answer = (429, {"Retry-After": value} if value else {})
    answer = PlainCourier(QUICK).post(f"http://127.0.0.1:{server.server_port}/x", {}, b"{}")
    assert (answer.status, answer.retry_after) == (429, wait)
    assert answer.error == "answered 429: ok"


def test_nobody_there_is_an_answer_and_no_exception() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = PlainCourier(QUICK).post(f"http://127.0.0.1:{port}/x", {"k": "secret"}, b"{}")
    assert answer.status is None
    assert "could not be reached" in answer.error
    assert "secret" not in answer.error
