"""A language model's server on the loopback interface, which answers as the test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.adapters.language_model import OpenAILanguageModel

KEY = "sk-loopback-0123456789"
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


@contextmanager
def running() -> Iterator[Server]:
    """Run a server for as long as the test needs it."""
    started = Server()
    thread = threading.Thread(target=started.http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield started
    finally:
        started.http.shutdown()
        thread.join()
        started.http.server_close()
