"""A language model that answers well, wrongly, slowly or not at all.

The server is a real one on the loopback interface, scripted answer by answer.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.adapters.language_model import OpenAILanguageModel, build_language_model
from app.errors import SettingsError
from app.services.language import LanguageModelError

KEY = "sk-loopback-0123456789"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
Reply = Callable[[dict[str, Any]], tuple[int, bytes]]


class Server:
    """Answer each request by the reply that the test sets."""

    def __init__(self) -> None:
        self.reply: Reply = said('{"a": 1}')
        self.trickle = 0.0
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, dict(self.headers), body))
                status, answer = outer.reply(body)
                with suppress(ConnectionError):  # the client may have given up: some tests want it
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    step = 1 if outer.trickle else max(1, len(answer))
                    for begin in range(0, len(answer), step):
                        self.wfile.write(answer[begin : begin + step])
                        self.wfile.flush()
                        time.sleep(outer.trickle)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def model(self, *, key: str | None = KEY, deadline: float = 5.0) -> OpenAILanguageModel:
        return OpenAILanguageModel(self.url, key, "m", deadline=deadline)


def said(content: str, finish: str = "stop") -> Reply:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return lambda _: (200, json.dumps({"choices": [choice]}).encode())


def raw(status: int, body: bytes = b"{}") -> Reply:
    return lambda _: (status, body)


def after_two_seconds(_: dict[str, Any]) -> tuple[int, bytes]:
    time.sleep(2)
    return 200, b"{}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = Server()
    thread = threading.Thread(target=started.http.serve_forever, args=(0.01,))
    thread.start()
    yield started
    started.http.shutdown()
    thread.join()
    started.http.server_close()


def ask(model: OpenAILanguageModel) -> Any:
    return model.structured(instructions="be brief", text="my words", name="answer", schema=SCHEMA)


def test_a_good_answer_comes_back_as_the_object_it_holds(server: Server) -> None:
    assert ask(server.model()) == {"a": 1}
    path, headers, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert [m["content"] for m in body["messages"]] == ["be brief", "my words"]
    assert body["response_format"]["json_schema"] == {
        "name": "answer", "strict": True, "schema": SCHEMA,
    }  # fmt: skip


def test_a_server_that_wants_no_key_is_sent_none(server: Server) -> None:
    ask(server.model(key=None))
    assert "Authorization" not in server.requests[0][1]


@pytest.mark.parametrize(
    "reply",
    [
        raw(500), raw(429), raw(401), raw(404), raw(200, b""), raw(200, b"<html>"),
        raw(200, b'{"choices": []}'), raw(200, b'{"choices": [{"message": {}}]}'),
        raw(200, b'{"choices": "no"}'), raw(200, b"\xff\xfe"), said("hello"), said("[1]"),
        said("null"), said(""), said('{"a": 1', finish="length"), said("[" * 100_000),
        said('{"a": 1}', finish="content_filter"),
    ],
)  # fmt: skip
def test_every_wrong_answer_is_one_kind_of_error(server: Server, reply: Reply) -> None:
    server.reply = reply
    with pytest.raises(LanguageModelError) as caught:
        ask(server.model())
    assert KEY not in str(caught.value)
    assert "my words" not in str(caught.value)


def test_an_answer_that_trickles_in_is_given_up_at_the_deadline(server: Server) -> None:
    server.trickle = 0.1
    begun = time.monotonic()
    with pytest.raises(LanguageModelError, match=r"longer than 0\.5 s"):
        ask(server.model(deadline=0.5))
    assert time.monotonic() - begun < 3


def test_a_server_that_says_nothing_is_given_up_at_the_deadline(server: Server) -> None:
    server.reply = after_two_seconds
    begun = time.monotonic()
    with pytest.raises(LanguageModelError, match="longer than"):
        ask(server.model(deadline=0.3))
    assert time.monotonic() - begun < 2


def test_an_answer_without_end_is_given_up(server: Server) -> None:
    server.reply = raw(200, b"x" * 3_000_000)
    with pytest.raises(LanguageModelError, match="more than"):
        ask(server.model())


def test_a_server_that_is_not_there_is_told_and_then_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        model = OpenAILanguageModel(
            f"http://127.0.0.1:{taken.getsockname()[1]}", None, "m", deadline=2
        )
        with pytest.raises(LanguageModelError, match="LLM_BASE_URL"):
            ask(model)
        begun = time.monotonic()
        with pytest.raises(LanguageModelError, match="left alone"):
            ask(model)
        assert time.monotonic() - begun < 0.1


def test_one_foolish_answer_does_not_make_the_server_be_left_alone(server: Server) -> None:
    model = server.model()
    server.reply = said("hello")
    with pytest.raises(LanguageModelError):
        ask(model)
    server.reply = said('{"a": 2}')
    assert ask(model) == {"a": 2}


def test_without_an_address_there_is_no_model_and_nothing_is_wrong() -> None:
    assert build_language_model(base_url=None, api_key=None, model=None) is None


@pytest.mark.parametrize(
    ("base_url", "api_key", "model"),
    [
        (None, KEY, None), (None, None, "m"), ("http://127.0.0.1/v1", None, None),
        ("127.0.0.1:80", None, "m"), ("http://me:pw@127.0.0.1", None, "m"),
        ("http://127.0.0.1/v1", "two words", "m"),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other_name_the_variable(
    base_url: str | None, api_key: str | None, model: str | None
) -> None:
    with pytest.raises(SettingsError, match="LLM_") as caught:
        build_language_model(base_url=base_url, api_key=api_key, model=model)
    assert "pw" not in str(caught.value)
