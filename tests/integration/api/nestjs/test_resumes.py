"""A résumé that registering links to is read by the worker; one that is not there is told and done with."""

from __future__ import annotations

from uuid import UUID

from app.databases.names import Database
from app.domain.backoff import MOST_ATTEMPTS
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


def test_a_dead_link_is_told_once_and_is_no_work_any_more(beside: Installation) -> None:
    ann, bob, cleo = (beside.backend.sign_up(name) for name in ("Ann", "Bob", "Cleo"))
    away = beside.backend.file("/away.pdf", b"", status=500)
    _register(beside, ann, beside.backend.file("/gone.pdf?key=secret", b"", status=404))
    _register(beside, bob, away)
    _register(beside, cleo, beside.backend.file("/r.pdf", b"no document at all"))
    beside.work(MOST_ATTEMPTS + 2)
    assert beside.open_work() == 0
    for member, why in ((ann, "404"), (bob, "500"), (cleo, "neither a PDF")):
        [told] = _notices(beside, member)
        assert why in told
        assert "secret" not in told
    assert "secret" not in beside.pair.sql(BACKEND, "SELECT * FROM onboarding_messages")

    # The conversation tells it with its next answer, once, and goes on as if nothing had been.
    begun = beside.post("/onboarding/start", {"user_id": str(ann)})
    said = {"user_id": str(ann), "session_id": begun["session_id"]}
    first = beside.post("/onboarding/chat", said | {"message": "I need help with my taxes."})
    assert "404" in first["ai_response"]
    second = beside.post("/onboarding/chat", said | {"message": "I offer piano lessons."})
    assert "404" not in second["ai_response"]
    diagnosed = beside.get("/admin/matching-diagnostics")
    told_of = {one["user_id"]: one["resume"] for one in diagnosed["result"]}
    assert "500" in told_of[str(bob)]


def test_a_resume_elsewhere_is_fetched_from_public_places_only(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    _register(beside, ann, "http://127.0.0.1:1/r.pdf")
    bob = beside.backend.sign_up("Bob")
    _register(beside, bob, "https://10.0.0.7/r.pdf")
    beside.work(2)
    assert beside.open_work() == 0
    assert "https" in _notices(beside, ann)[0]
    assert "not public" in _notices(beside, bob)[0]
