"""Embeddings from a server: what is asked of it, and what is made of every wrong answer.

The server is a real one on the loopback interface, scripted answer by answer.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from app.adapters.embedding import EmbeddingError, EmptyTextError, OpenAIEmbedder
from app.errors import SettingsError

KEY = "sk-loopback-0123456789"
Answer = tuple[int, dict[str, str], bytes]
Reply = Callable[[dict[str, Any]], Answer]


class Server:
    """Answer each request by the next reply of the script, then rightly."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.waits: list[float] = []
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, dict(self.headers), body))
                status, headers, answer = (outer.script.pop(0) if outer.script else right)(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                with suppress(ConnectionError):  # the client may have given up: some tests want it
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def embedder(
        self, *, path: str = "/v1", key: str | None = KEY, **more: float
    ) -> OpenAIEmbedder:
        return OpenAIEmbedder(self.url + path, key, "m", 3, sleep=self.waits.append, **more)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = Server()
    thread = threading.Thread(target=started.http.serve_forever, args=(0.01,))
    thread.start()
    yield started
    started.released.set()
    started.http.shutdown()
    thread.join()
    started.http.server_close()


def vector(text: str) -> list[float]:
    return [float(len(text)), 1.0, 2.0]


def answer(data: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps(data).encode()


def right(body: dict[str, Any]) -> Answer:
    rows = [{"index": i, "embedding": vector(text)} for i, text in enumerate(body["input"])]
    return answer({"object": "list", "data": rows})


def fixed(data: object, status: int = 200, **headers: str) -> Reply:
    return lambda _: answer(data, status, **headers)


def test_each_text_gets_its_own_vector_of_unit_length_in_order(server: Server) -> None:
    texts = ["piano", "a", "piano", "garden tools"]
    vectors = server.embedder().embed(texts)
    assert vectors.dtype == np.float32
    for text, found in zip(texts, vectors, strict=True):
        assert found == pytest.approx(np.array(vector(text)) / np.linalg.norm(vector(text)))
    path, headers, body = server.requests[0]
    assert path == "/v1/embeddings"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body == {"model": "m", "input": ["piano", "a", "garden tools"]}


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_address_may_be_given_with_or_without_its_version(server: Server, path: str) -> None:
    server.embedder(path=path).embed(["piano"])
    assert server.requests[0][0] == "/v1/embeddings"


def test_a_server_that_wants_no_key_is_sent_none(server: Server) -> None:
    server.embedder(key=None).embed(["piano"])
    assert "Authorization" not in server.requests[0][1]


def test_many_texts_are_sent_in_several_requests_and_come_back_in_order(server: Server) -> None:
    texts = ["x" * length for length in range(1, 151)]
    vectors = server.embedder().embed(texts)
    assert len(server.requests) == 3
    lengths = vectors[:, 0] / vectors[:, 1]
    assert lengths == pytest.approx(np.arange(1, 151), rel=1e-4)


def test_vectors_that_come_in_another_order_are_put_into_the_texts_order(server: Server) -> None:
    rows = [{"index": 1, "embedding": [0, 1, 0]}, {"index": 0, "embedding": [1, 0, 0]}]
    server.script = [fixed({"data": rows})]
    assert server.embedder().embed(["one", "two"]).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_no_texts_make_no_request_and_an_empty_text_is_refused_before_one(server: Server) -> None:
    assert server.embedder().embed([]).shape == (0, 3)
    with pytest.raises(EmptyTextError, match="Text 1"):
        server.embedder().embed(["piano", "  "])
    assert server.requests == []


ROW = {"index": 0, "embedding": [1, 0, 0]}
WRONG = {
    "too few": ({"data": [ROW]}, "1 vectors for 2 texts"),
    "too many": ({"data": [ROW, ROW, ROW]}, "3 vectors for 2 texts"),
    "one twice": ({"data": [ROW, ROW]}, "numbered its vectors otherwise"),
    "wrong length": ({"data": [ROW, {"index": 1, "embedding": [1, 0]}]}, r"length \[2, 3\]"),
    "not a number": ({"data": [ROW, {"index": 1, "embedding": [float("nan"), 0, 1]}]}, "finite"),
    "infinite": ({"data": [ROW, {"index": 1, "embedding": [float("inf"), 0, 1]}]}, "finite"),
    "all zeros": ({"data": [ROW, {"index": 1, "embedding": [0, 0, 0]}]}, "all zeros"),
    "numbers as text": ({"data": [ROW, {"index": 1, "embedding": ["1", "0", "0"]}]}, "float_type"),
    "no data": ({"object": "list"}, "data: missing"),
    "a list": ([], "no list of embeddings"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_is_an_error_and_not_asked_for_again(server: Server, case: str) -> None:
    data, said = WRONG[case]
    server.script = [fixed(data)]
    with pytest.raises(EmbeddingError, match=said) as caught:
        server.embedder().embed(["private words", "more of them"])
    assert "Nothing was kept" in str(caught.value)
    assert "private" not in str(caught.value)
    assert len(server.requests) == 1


def test_an_answer_that_is_no_json_is_an_error(server: Server) -> None:
    server.script = [lambda _: (200, {}, b"<html>Welcome</html>")]
    with pytest.raises(EmbeddingError, match=r"no list of embeddings \(the whole: json_invalid\)"):
        server.embedder().embed(["piano"])


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(server: Server, status: int) -> None:
    server.script = [fixed({}, status), fixed({}, status)]
    assert server.embedder().embed(["piano"]).shape == (1, 3)
    assert server.waits == [0.5, 1.0]


def test_a_failure_that_lasts_is_an_error_with_its_status(server: Server) -> None:
    server.script = [fixed({}, 500)] * 9
    with pytest.raises(EmbeddingError, match=r"answered 500; given up after 4 attempt") as caught:
        server.embedder().embed(["piano"])
    assert caught.value.status == 503
    assert len(server.requests) == 4


def test_the_server_is_waited_for_as_long_as_it_asks(server: Server) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    server.script = [fixed({}, 429, Retry_After="7"), fixed({}, 503, Retry_After=later)]
    server.embedder().embed(["piano"])
    assert server.waits[0] == 7
    assert 15 < server.waits[1] <= 20


def test_a_wait_beyond_patience_is_an_error_that_says_how_long(server: Server) -> None:
    server.script = [fixed({"error": {"code": "rate_limit_exceeded"}}, 429, Retry_After="3600")]
    with pytest.raises(EmbeddingError, match=r"429 \(rate_limit_exceeded\) \(it asks for 3600 s\)"):
        server.embedder().embed(["piano"])
    assert server.waits == []


def test_an_unreadable_wait_is_replaced_by_our_own(server: Server) -> None:
    server.script = [fixed({}, 429, Retry_After="soon")]
    server.embedder().embed(["piano"])
    assert server.waits == [0.5]


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "EMBEDDING_API_KEY"), (404, "EMBEDDING_BASE_URL"), (302, "server")]
)
def test_a_refusal_is_an_error_that_says_what_to_check(
    server: Server, status: int, advice: str
) -> None:
    server.script = [fixed({}, status, Location="http://127.0.0.1:9/")]
    with pytest.raises(EmbeddingError, match=f"answered {status}.*check.*{advice}"):
        server.embedder().embed(["piano"])
    assert len(server.requests) == 1


def test_neither_key_nor_words_appear_in_an_error_that_quotes_them(server: Server) -> None:
    told = {"message": f"Incorrect API key {KEY} for 'private words'", "code": KEY, "type": KEY}
    for status in (400, 401, 500):
        server.script = [fixed({"error": told}, status)] * 4
        with pytest.raises(EmbeddingError) as caught:
            server.embedder().embed(["private words"])
        assert KEY not in repr(caught.value)
        assert "private" not in repr(caught.value)
    assert KEY not in repr(server.embedder())


def test_a_server_that_is_silent_is_given_up_in_time(server: Server) -> None:
    def silent(_: dict[str, Any]) -> Answer:
        server.released.wait(5)
        return 200, {}, b""

    server.script = [silent] * 9
    started = time.monotonic()
    with pytest.raises(EmbeddingError, match=r"timed out \(ReadTimeout\)"):
        server.embedder(timeout=0.1).embed(["piano"])
    assert time.monotonic() - started < 4


def test_an_answer_that_takes_longer_than_patience_is_given_up(server: Server) -> None:
    server.script = [lambda _: (200, {}, b" " * 8_000_000)] * 9
    with pytest.raises(EmbeddingError, match="took too long to answer"):
        server.embedder(patience=0.0).embed(["piano"])
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_an_error_naming_its_address(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    gone = OpenAIEmbedder(address, KEY, "m", 3, sleep=server.waits.append)
    with pytest.raises(EmbeddingError, match=f"{address}/embeddings could not be reached"):
        gone.embed(["piano"])
    assert len(server.waits) == 3


@pytest.mark.parametrize(
    "address",
    ["", "api.example.org/v1", "ftp://host/v1", "https://me:hush@host/v1", "http://h?k=1"],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_quoting_it(
    address: str,
) -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_BASE_URL is not an address") as caught:
        OpenAIEmbedder(address, KEY, "m", 3)
    assert "hush" not in str(caught.value)


def test_a_key_that_no_header_can_carry_is_refused_without_quoting_it() -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_API_KEY holds") as caught:
        OpenAIEmbedder("http://127.0.0.1:9", "sk-one\nsk-two", "m", 3)
    assert "sk-" not in str(caught.value)
