"""A résumé that registering links to is read by the worker; one that is not there is told and done with."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from uuid import UUID

import pytest

from app.adapters.documents import TELL
from app.databases.names import Database
from app.domain.backoff import MOST_ATTEMPTS
from app.languages import translated
from app.repositories.backend import member_languages, outbox
from app.services import topics
from app.services.resumes import (
    AWAY,
    LONGEST_LINK,
    REFUSED,
    TOO_LARGE,
    UNREADABLE,
    LinkAwayError,
    Resumes,
)
from app.workers import relay
from tests.integration.api.nestjs.conftest import Installation
from tests.resume_files import docx

BACKEND = Database.BACKEND
TEXT = "I need help with my taxes. I offer piano lessons."


def _register(beside: Installation, user_id: UUID, link: str, answer: str = "") -> None:
    questions = [{"prompt": "What do you offer?", "answer": answer}] if answer else []
    beside.post(
        "/user/register",
        {"user_id": str(user_id), "update": False, "resume_link": link, "questions": questions},
        times=3,
    )


def _summaries(beside: Installation, user_id: UUID) -> str:
    return beside.pair.sql(
        BACKEND,
        f"SELECT version, summary FROM user_summaries WHERE user_id = '{user_id}' ORDER BY version",
    )


def _notices(beside: Installation, user_id: UUID) -> list[str]:
    return beside.pair.sql(
        BACKEND,
        f"SELECT text FROM onboarding_messages WHERE user_id = '{user_id}'"
        " AND client_key LIKE 'notice:%'",
    ).splitlines()


def _diagnosed(beside: Installation) -> dict[str, str]:
    diagnosed = beside.get("/admin/matching-diagnostics")
    return {one["user_id"]: one["resume"] for one in diagnosed["result"]}


def test_a_linked_resume_stands_in_the_first_summary_beside_the_answers(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    link = beside.backend.file("/uploads/r.docx?key=secret", docx(TEXT))
    _register(beside, ann, link, "I can repair bicycles.")
    heard = (
        f"SELECT count(*) FROM onboarding_messages WHERE user_id = '{ann}' AND author = 'member'"
    )
    assert beside.pair.sql(BACKEND, heard) == "1", "nothing is fetched within the request"
    beside.work(3)
    assert beside.open_work() == 0
    written = _summaries(beside, ann)
    assert written.startswith("1|")
    assert "\n2|" not in written
    for words in ("taxes", "piano", "bicycles"):
        assert words in written
    beside.pair.sql(BACKEND, "DELETE FROM backend_calls")  # as if it came again much later
    _register(beside, ann, link, "I can repair bicycles.")
    beside.work(3)
    assert beside.open_work() == 0
    assert beside.pair.sql(BACKEND, heard) == "2"
    assert _summaries(beside, ann) == written


def test_a_resume_that_is_away_holds_nothing_up_and_is_read_when_it_is_there(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    link = beside.backend.file("/r.docx", b"", status=503)
    _register(beside, ann, link, "I can repair bicycles.")
    beside.relay.look()
    assert "bicycles" in _summaries(beside, ann)
    waiting = "SELECT topic, state, attempts, last_error FROM outbox WHERE state <> 'done'"
    told = beside.pair.sql(BACKEND, waiting)
    assert told.startswith("read_resume|pending|1|LinkAwayError")
    assert "503" in told
    beside.backend.file("/r.docx", docx(TEXT))
    beside.work(3)
    assert beside.open_work() == 0
    written = _summaries(beside, ann)
    assert "\n2|" in written
    assert "piano" in written
    assert _notices(beside, ann) == []


def test_a_dead_link_is_told_once_and_is_no_work_any_more(
    beside: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    away = beside.backend.file("/away.pdf", b"", status=500)
    _register(beside, ann, beside.backend.file("/gone.pdf?key=secret", b"", status=404))
    _register(beside, bob, away)
    _register(beside, cleo, beside.backend.file("/r.pdf", b"no document at all"))
    beside.work(MOST_ATTEMPTS + 2)
    assert beside.open_work() == 0
    assert _notices(beside, ann) == [REFUSED]
    assert _notices(beside, bob) == [AWAY]
    assert _notices(beside, cleo)[0].startswith(f"{UNREADABLE} This is neither a PDF")
    assert "answered 404" in caplog.text, "the operators read what exactly was wrong"
    assert "answered 500" in caplog.text
    assert "secret" not in beside.pair.sql(BACKEND, "SELECT * FROM onboarding_messages")

    # The conversation tells it with its next answer, once, and goes on as if nothing had been.
    begun = beside.post("/onboarding/start", {"user_id": str(ann)})
    said = {"user_id": str(ann), "session_id": begun["session_id"]}
    first = beside.post("/onboarding/chat", said | {"message": "I need help with my taxes."})
    assert REFUSED in first["ai_response"]
    second = beside.post("/onboarding/chat", said | {"message": "I offer piano lessons."})
    assert REFUSED not in second["ai_response"]
    assert _diagnosed(beside)[str(bob)] == AWAY


def test_what_was_wrong_with_a_link_is_told_until_a_file_is_read(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    _register(beside, ann, beside.backend.file("/gone.pdf", b"", status=404))
    beside.work()
    assert _diagnosed(beside)[str(ann)] == REFUSED
    _register(beside, ann, beside.backend.file("/r.docx", docx(TEXT)))
    beside.work()
    assert _diagnosed(beside)[str(ann)] == ""


def test_a_member_reads_in_their_language_what_was_wrong(beside: Installation) -> None:
    ann, bob = (beside.backend.sign_up(name) for name in ("Ann", "Bob"))
    with beside.relay.databases.backend() as backend:
        for member in (ann, bob):
            member_languages.put(backend, member, "de")
    _register(beside, ann, beside.backend.file("/r.docx", b"PK\x03\x04"))
    _register(beside, bob, beside.backend.file("/large.pdf", bytes(10 * 2**20 + 1)))
    beside.work()
    said = f"{translated('de', UNREADABLE)} {translated('de', TELL['broken'])}"
    assert _notices(beside, ann) == [said]
    assert _notices(beside, bob) == [translated("de", TOO_LARGE)]


def test_a_link_that_is_too_long_is_told_and_not_fetched_in_part(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    link = beside.backend.file("/r.docx", docx(TEXT)) + "?key="
    _register(beside, ann, link + "x" * LONGEST_LINK)
    assert _notices(beside, ann) == [REFUSED]
    work = "SELECT count(*) FROM outbox WHERE topic = 'read_resume'"
    assert beside.pair.sql(BACKEND, work) == "0"
    _register(beside, ann, link + "x" * (LONGEST_LINK - len(link)))
    assert beside.pair.sql(BACKEND, work) == "1"


class Hanging:
    """Answer no link, after a while each, and see what other work waits meanwhile."""

    def __init__(self, beside: Installation) -> None:
        self.beside = beside
        self.waiting: list[str] = []

    def fetch(self, _link: str) -> bytes:
        """Take a while and fail."""
        others = "SELECT count(*) FROM outbox WHERE topic <> 'read_resume' AND state <> 'done'"
        self.waiting.append(self.beside.pair.sql(BACKEND, others))
        time.sleep(0.2)
        raise LinkAwayError("It hangs.")


def test_links_to_a_place_that_hangs_keep_no_other_work_and_take_a_bounded_part_of_a_look(
    beside: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)  # each failure would be printed in full
    hanging = Hanging(beside)
    beside.relay.beside = replace(beside.relay.beside, resumes=Resumes(hanging, bytes.decode))
    members = [beside.backend.sign_up(f"M{i}") for i in range(5)]
    for member in members[1:]:
        _register(beside, member, "https://hangs.example/r.pdf")
    with beside.relay.databases.backend() as backend:
        backend.execute("DELETE FROM outbox WHERE topic = 'register'")
        outbox.add(backend, topics.EMBED, [members[0]])
        # Tried before, as most of those are that a place which hangs has gathered.
        backend.execute("UPDATE outbox SET attempts = 1 WHERE user_id = %s", (members[1],))
    monkeypatch.setattr(relay, "LONGEST_FETCHING", 0.1)
    beside.relay.look()
    assert hanging.waiting == ["0"], "the vectors came first, and the others were left"
    tried = "SELECT attempts FROM outbox WHERE topic = 'read_resume' ORDER BY id"
    assert beside.pair.sql(BACKEND, tried).split() == ["1", "1", "0", "0"]


def test_a_resume_elsewhere_is_fetched_from_public_places_only(
    beside: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    ann = beside.backend.sign_up("Ann")
    _register(beside, ann, "http://127.0.0.1:1/r.pdf")
    bob = beside.backend.sign_up("Bob")
    _register(beside, bob, "https://10.0.0.7/r.pdf")
    beside.work(2)
    assert beside.open_work() == 0
    for member in (ann, bob):
        assert _notices(beside, member) == [REFUSED]
    assert "not one of https" in caplog.text
    assert "not public" in caplog.text
