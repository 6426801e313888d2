"""Letters go out once, are tried again, and keep no link once they are sent."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from uuid import uuid4

import pytest

from app.adapters.mail import SmtpPostman
from app.databases.names import Database
from app.errors import SettingsError
from app.repositories.backend import letters
from app.repositories.backend.letters import Letter
from app.services.delivery import PostmanError, PostRoom, deliver
from tests.conftest import Pair
from tests.integration.accounts.conftest import Door

SENDER = "Reciprocity <hello@site.example>"


class _Session(socketserver.StreamRequestHandler):
    """Speak as much SMTP as a client needs to hand a letter over."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                server.letters.append(b"".join(lines).decode())
                self.wfile.write(b"250 taken\r\n")
            elif word == "RCPT" and server.refuse:
                self.wfile.write(b"550 nobody here\r\n")
            elif word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.refuse = False
        super().__init__(("127.0.0.1", 0), _Session)


@pytest.fixture
def smtp() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _postman(port: int, who: str = "") -> SmtpPostman:
    return SmtpPostman.of(f"smtp://{who}127.0.0.1:{port}", SENDER)


def test_a_letter_reaches_the_server_once_with_its_link_which_is_then_forgotten(
    door: Door, smtp: _Server, pair: Pair
) -> None:
    door.ask("ann@example.org", name="Ann\r\nBcc: x@y.zz")
    link = f"{door.site.url}/confirm?token={door.token('ann@example.org')}"
    postman = _postman(smtp.server_address[1])
    assert [deliver(door.databases, postman) for _ in range(2)] == [1, 0]
    (letter,) = [message_from_string(one, policy=policy.default) for one in smtp.letters]
    assert (letter["To"], letter["From"]) == ("ann@example.org", SENDER)
    assert letter["Bcc"] is None
    assert link in letter.get_content()
    assert pair.sql(Database.BACKEND, "SELECT state, body FROM letters").strip() == "sent|"


def test_a_letter_that_tells_news_carries_the_address_that_stops_it_whole(
    door: Door, smtp: _Server, pair: Pair
) -> None:
    stop = f"https://members.a-community.example.org/unsubscribe?token={'x' * 43}"
    with door.databases.backend() as backend:
        letters.add(backend, None, "ann@example.org", "News", "one\n", unsubscribe=stop)
        letters.add(backend, None, "ann@example.org", "Account", "two\n")
    assert deliver(door.databases, _postman(smtp.server_address[1])) == 2
    news = next(one for one in smtp.letters if "Subject: News" in one)
    assert f"List-Unsubscribe: <{stop}>" in news.splitlines(), (
        "mail programs read no folded address"
    )
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in news
    assert "List-Unsubscribe" not in next(one for one in smtp.letters if one is not news)
    assert "xxx" not in pair.sql(Database.BACKEND, "SELECT string_agg(l::text, '') FROM letters l")


def test_a_letter_that_cannot_go_out_waits_and_is_tried_again(
    door: Door, smtp: _Server, pair: Pair
) -> None:
    door.ask("ann@example.org")
    smtp.refuse = True
    postman = _postman(smtp.server_address[1])
    assert deliver(door.databases, postman) == 0
    kept = pair.sql(Database.BACKEND, "SELECT state, attempts, last_error FROM letters")
    assert kept.startswith("waiting|1|The mail server 127.0.0.1")
    assert deliver(door.databases, postman) == 0, "it is not due again yet"
    smtp.refuse = False
    pair.sql(Database.BACKEND, "UPDATE letters SET available_at = now()")
    assert deliver(door.databases, postman) == 1


def test_a_letter_whose_sender_vanished_is_sent_by_another(
    door: Door, smtp: _Server, pair: Pair
) -> None:
    door.ask("ann@example.org")
    pair.sql(
        Database.BACKEND,
        "UPDATE letters SET state = 'sending', available_at = now() - interval '1 second'",
    )
    assert deliver(door.databases, _postman(smtp.server_address[1])) == 1


def test_several_processes_send_every_letter_once(door: Door, smtp: _Server, pair: Pair) -> None:
    with door.databases.backend() as backend:
        for number in range(30):
            letters.add(backend, None, "ann@example.org", f"Letter {number}", "words\n")
    postman = _postman(smtp.server_address[1])
    with ThreadPoolExecutor(3) as processes:
        went = list(processes.map(lambda _: deliver(door.databases, postman), range(6)))
    assert sum(went) == len(smtp.letters) == 30
    assert max(went) < 30, "one of them did all the work"
    numbers = {message_from_string(one)["Message-ID"] for one in smtp.letters}
    assert len(numbers) == 30
    assert pair.sql(Database.BACKEND, "SELECT DISTINCT state FROM letters") == "sent"


def test_who_was_too_slow_neither_sends_again_nor_undoes_what_another_did(
    door: Door, pair: Pair
) -> None:
    door.ask("ann@example.org")
    over = "UPDATE letters SET available_at = now() - interval '1 second'"
    with door.databases.backend() as backend:
        (slow,) = letters.claim(backend, limit=1, lease=timedelta(minutes=5))
        assert letters.claim(backend, limit=1, lease=timedelta(minutes=5)) == []
    pair.sql(Database.BACKEND, over)
    with door.databases.backend() as backend:
        (quick,) = letters.claim(backend, limit=1, lease=timedelta(minutes=5))
        assert quick.id == slow.id, "a letter keeps its id, and so its Message-ID"
        letters.failed(backend, slow, "too slow", retry_in=timedelta(0))
        assert letters.sent(backend, quick)
        assert not letters.sent(backend, slow)
        letters.failed(backend, slow, "too slow", retry_in=timedelta(0))
        assert letters.claim(backend, limit=1, lease=timedelta(minutes=5)) == []
    assert pair.sql(Database.BACKEND, "SELECT state, attempts FROM letters") == "sent|2"


def test_a_letter_is_claimed_only_when_it_is_about_to_be_sent(
    door: Door, smtp: _Server, pair: Pair
) -> None:
    with door.databases.backend() as backend:
        for number in range(3):
            letters.add(backend, None, "ann@example.org", f"Letter {number}", "words\n")
    claimed: list[str] = []

    class Counting(_Noting):
        def send(self, letter: Letter) -> None:
            claimed.append(
                pair.sql(Database.BACKEND, "SELECT count(*) FROM letters WHERE state = 'sending'")
            )
            super().send(letter)

    assert deliver(door.databases, Counting(_postman(smtp.server_address[1]))) == 3
    assert claimed == ["1", "1", "1"], "a lease would run out while others before it are sent"


def test_the_post_room_sends_when_rung_and_stops_when_told(door: Door, smtp: _Server) -> None:
    room = PostRoom(door.databases, _postman(smtp.server_address[1]))
    room.open()
    door.ask("ann@example.org")
    room.ring()
    waited = threading.Event()
    for _ in range(100):
        if smtp.letters or waited.wait(0.1):
            break
    room.close()
    assert len(smtp.letters) == 1


def test_a_server_that_is_away_is_named_and_its_password_is_not() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PostmanError, match=f"127.0.0.1:{port}") as told:
        _postman(port, "ann:hunter2@").send(_letter())
    assert "hunter2" not in str(told.value)
    assert "hunter2" not in repr(_postman(port, "ann:hunter2@"))


def _letter() -> Letter:
    return Letter(uuid4(), "x@example.org", "s", "b", 1, datetime.now(UTC), "")


@dataclass
class _Noting:
    """Send by another postman."""

    postman: SmtpPostman

    def send(self, letter: Letter) -> None:
        self.postman.send(letter)


@dataclass
class _Plain:
    """A server far away that offers no encryption."""

    said: list[str] = field(default_factory=list)

    def ehlo(self) -> None:
        self.said.append("ehlo")

    def has_extn(self, _name: str) -> bool:
        return False

    def login(self, user: str, _password: str) -> None:
        self.said.append(user)


def test_a_password_never_travels_unencrypted_to_another_machine() -> None:
    postman = SmtpPostman.of("smtp://ann:hunter2@mail.example.org", SENDER)
    server = _Plain()
    with pytest.raises(PostmanError, match="password was not sent"):
        postman._sign_in(server)  # type: ignore[arg-type] # as much of a server as is asked
    assert server.said == ["ehlo"]


@pytest.mark.parametrize("address", ["mail.example.org", "http://x", "smtp://", "smtp://h:port"])
def test_an_address_that_cannot_be_read_is_refused_with_the_form(address: str) -> None:
    with pytest.raises(SettingsError, match=r"SMTP_URL .* write smtp://USER"):
        SmtpPostman.of(address, SENDER)
