"""Links that members may have chosen are fetched from public places only, in bounds of size and time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.adapters.resume_links import ResumeFetcher
from app.errors import InvalidInputError
from app.services.resumes import FileTooLargeError, LinkAwayError, LinkRefusedError

Answer = Callable[[BaseHTTPRequestHandler], None]


class Place:
    """Answer by path as told, and keep what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        place = self

        class Asked(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.asked.append((self.path, dict(self.headers)))
                place.answers[self.path](self)

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def _open() -> Iterator[Place]:
    made = Place()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join(timeout=5)


@pytest.fixture
def place() -> Iterator[Place]:
    with _open() as made:
        yield made


@pytest.fixture
def outside() -> Iterator[Place]:
    with _open() as made:
        yield made


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(status)
        for name, value in headers.items():
            asked.send_header(name.replace("_", "-"), value)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    "link",
    [
        "", "resume.pdf", "ftp://example.org/r.pdf", "file:///etc/passwd", "https://",
        "https://ann:secret@93.184.215.14/r.pdf", "http://93.184.215.14/r.pdf",
        "https://127.0.0.1/r.pdf", "https://10.0.0.7/", "https://169.254.169.254/latest",
        "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://100.64.0.1/",
        "https://[fec0::1]/",
    ],
)  # fmt: skip
def test_what_is_no_public_https_address_is_refused_before_anything_is_opened(link: str) -> None:
    with pytest.raises(LinkRefusedError):
        ResumeFetcher().fetch(link)


def test_the_backends_own_host_is_asked_wherever_it_is_and_told_no_key(place: Place) -> None:
    place.answers["/files/r.pdf"] = says(200, b"%PDF-", Set_Cookie="a=b")
    own = ResumeFetcher(backend_url=f"{place.url}/api/v1")
    assert own.fetch(f"{place.url}/files/r.pdf") == b"%PDF-"
    assert own.fetch(f"{place.url}/files/r.pdf") == b"%PDF-"
    for _, headers in place.asked:
        assert set(headers) <= {
            "Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"
        }  # fmt: skip
    other = f"http://127.0.0.1:{place.server.server_port + 1}/files/r.pdf"
    with pytest.raises(LinkRefusedError):
        own.fetch(other)  # another port of the same machine is another place


def test_a_redirect_is_followed_to_where_a_link_might_lead_and_no_further(place: Place) -> None:
    own = ResumeFetcher(backend_url=place.url)
    place.answers["/r"] = says(302, Location="/there")
    place.answers["/there"] = says(200, b"text")
    assert own.fetch(f"{place.url}/r") == b"text"
    for target in ("https://10.0.0.7/r.pdf", "http://127.0.0.1:1/r.pdf", "file:///etc/passwd"):
        place.answers["/r"] = says(302, Location=target)
        with pytest.raises(LinkRefusedError):
            own.fetch(f"{place.url}/r")
    place.answers["/r"] = says(301, Location="/r")
    asked = len(place.asked)
    with pytest.raises(LinkRefusedError, match="never to a file"):
        own.fetch(f"{place.url}/r")
    assert len(place.asked) == asked + 4


def test_what_may_pass_is_asked_again_and_what_will_not_is_refused(place: Place) -> None:
    own = ResumeFetcher(development=True)
    for status in (429, 500, 503):
        place.answers["/r"] = says(status)
        with pytest.raises(LinkAwayError, match=str(status)):
            own.fetch(f"{place.url}/r")
    for status in (204, 401, 403, 404, 410):
        place.answers["/r"] = says(status)
        with pytest.raises(LinkRefusedError, match=str(status)):
            own.fetch(f"{place.url}/r")
    with pytest.raises(LinkAwayError):
        own.fetch("http://127.0.0.1:1/nobody-listens")
    with pytest.raises(LinkAwayError):
        own.fetch("https://no-such-host.invalid/r.pdf")


def test_an_answer_that_is_too_large_is_given_up_on_however_it_is_sent(place: Place) -> None:
    def endless(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.end_headers()
        for _ in range(1000):
            asked.wfile.write(bytes(1000))

    place.answers["/r"] = says(200, bytes(1001))
    place.answers["/endless"] = endless
    own = ResumeFetcher(development=True, largest=1000)
    for path in ("/r", "/endless"):
        with pytest.raises(FileTooLargeError, match="larger"):
            own.fetch(place.url + path)
    place.answers["/r"] = says(200, bytes(1000))
    assert len(own.fetch(f"{place.url}/r")) == 1000


def test_an_answer_that_trickles_in_for_ever_is_cut_off(place: Place) -> None:
    def trickling(asked: BaseHTTPRequestHandler) -> None:
        try:
            asked.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(200):
                asked.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass  # cut off

    place.answers["/r"] = trickling
    begun = time.monotonic()
    with pytest.raises(LinkAwayError, match="too slow"):
        ResumeFetcher(development=True, patience=0.5).fetch(f"{place.url}/r")
    assert time.monotonic() - begun < 5


def test_an_answer_without_a_length_that_is_cut_off_is_not_taken_for_the_whole(
    place: Place,
) -> None:
    def begun(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.end_headers()
        asked.wfile.write(b"the first half")
        time.sleep(0.5)

    place.answers["/r"] = begun
    with pytest.raises(LinkAwayError, match="too slow"):
        ResumeFetcher(development=True, patience=0.2).fetch(f"{place.url}/r")


def test_all_redirects_together_take_no_longer_than_one_answer_may(place: Place) -> None:
    def slow(asked: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        says(302, Location="/r")(asked)

    place.answers["/r"] = slow
    with pytest.raises(LinkAwayError, match="too slow"):
        ResumeFetcher(development=True, patience=0.8).fetch(f"{place.url}/r")
    assert len(place.asked) < 4


def test_a_host_with_letters_of_its_language_is_asked_by_its_name_in_ascii(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = []

    def at_home(host: str, _port: int, **_named: object) -> str:
        resolved.append(host)
        return "127.0.0.1"

    monkeypatch.setattr("app.adapters.resume_links.public_address", at_home)
    place.answers["/r"] = says(200, b"text")
    port = place.server.server_port
    for name in ("bücher.example", "xn--bcher-kva.example", "xn--a.example"):
        link = f"http://{name}:{port}/r"
        assert ResumeFetcher(development=True).fetch(link) == b"text"
    wanted = ["xn--bcher-kva.example", "xn--bcher-kva.example", "xn--a.example"]
    assert resolved == wanted
    assert [headers["Host"] for _, headers in place.asked] == [f"{one}:{port}" for one in wanted]


def test_another_host_cannot_lead_to_the_backends_own(
    place: Place, outside: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def public(host: str, port: int, **_named: object) -> str:
        if port != outside.server.server_port:
            raise InvalidInputError("not public")
        return host

    monkeypatch.setattr("app.adapters.resume_links.public_address", public)
    fetcher = ResumeFetcher(backend_url=place.url, development=True)
    place.answers["/inside"] = says(200, b"secret")
    place.answers["/out"] = says(302, Location=f"{outside.url}/r")
    outside.answers["/r"] = says(302, Location=f"{place.url}/inside")
    for link in (f"{outside.url}/r", f"{place.url}/out"):
        with pytest.raises(LinkRefusedError):
            fetcher.fetch(link)
    assert len(outside.asked) == 2
    assert [path for path, _ in place.asked] == ["/out"]
