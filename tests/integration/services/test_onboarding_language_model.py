"""Onboarding with a language model behind it: believed what can be checked, done without else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.token_states import TokenStates
from app.domain.conversation.questions import Question
from app.domain.conversation.wording import question_text
from app.domain.understanding.kinds import Asked
from app.services import onboarding
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation
from tests.language_model_server import Reply, Server, after_two_seconds, raw, running, said
from tests.onboarding_people import member

STATES = TokenStates()
MESSAGE = (
    "Hi! I am a nurse from Graz. I don't need help with taxes. I can teach beginners to play the"
    " piano."
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running() as started:
        yield started


def answering(statements: list[dict[str, str]], question: str) -> Reply:
    """Answer the one thing that is asked: what a message says, or how to word a question."""

    def reply(request: dict[str, Any]) -> tuple[int, bytes]:
        name = request["response_format"]["json_schema"]["name"]
        content = {"statements": statements} if name == "statements" else {"question": question}
        return said(json.dumps(content))(request)

    return reply


def onboarded(
    databases: PostgreSQLAdapter, server: Server, *, deadline: float = 10.0
) -> Conversation:
    reader = Reader(STATES, server.model(deadline=deadline))
    user_id = member(databases, "Lena", "Okafor")
    onboarding.start(databases, reader, user_id)
    return onboarding.hear(databases, reader, user_id, MESSAGE)


def read_by(now: Conversation) -> str | None:
    return next(m.read_by for m in now.messages if m.author == "member")


def test_the_models_reading_and_wording_are_taken_when_they_hold(
    adapter: PostgreSQLAdapter, server: Server
) -> None:
    quotes = [
        {"kind": "fact", "quote": "i am a NURSE  from Graz"},
        {"kind": "offer", "quote": "teach beginners to play the piano"},
    ]
    question = "A nurse who teaches the piano: what do you need yourself?"
    server.reply = answering(quotes, question)
    now = onboarded(adapter, server)
    assert read_by(now) == "m"
    assert [i.text for i in now.facts] == ["I am a nurse from Graz"]
    assert "I can teach beginners to play the piano" in [i.text for i in now.offers]
    assert question in now.question
    sent = [r[2]["messages"][1]["content"] for r in server.requests]
    assert sent == [MESSAGE, MESSAGE]


def test_what_the_model_passes_over_is_kept_all_the_same(
    adapter: PostgreSQLAdapter, server: Server
) -> None:
    server.reply = answering([{"kind": "fact", "quote": "I am a nurse from Graz"}], "And you?")
    now = onboarded(adapter, server)
    assert "I can teach beginners to play the piano" in [i.text for i in now.offers]


def test_a_quote_that_cuts_a_denial_away_is_widened_to_its_sentence(
    adapter: PostgreSQLAdapter, server: Server
) -> None:
    server.reply = answering([{"kind": "need", "quote": "need help with taxes"}], "And you?")
    now = onboarded(adapter, server)
    assert [i.text for i in now.needs] == ["I don't need help with taxes"]


@pytest.mark.parametrize(
    "statements",
    [
        [{"kind": "need", "quote": "a tax adviser"}],
        [{"kind": "offer", "quote": "teach piano"}],
        [{"kind": "fact", "quote": "I am a nurse"}, {"kind": "offer", "quote": "surgery"}],
        [{"kind": "wish", "quote": "I am a nurse from Graz"}],
        [{"kind": "fact", "quote": ""}],
        [{"kind": "fact"}],
        [{"kind": "fact", "quote": "I am a nurse", "age": "40"}],
    ],
)
def test_a_model_that_invents_or_answers_in_another_form_is_not_believed_at_all(
    adapter: PostgreSQLAdapter, server: Server, statements: list[dict[str, str]]
) -> None:
    server.reply = answering(statements, "And what do you need?")
    now = onboarded(adapter, server)
    assert read_by(now) == STATES.model
    assert [i.text for i in now.facts] == ["I am a nurse from Graz"]
    assert all(MESSAGE[i.start : i.stop] == i.text for i in [*now.needs, *now.offers, *now.facts])


@pytest.mark.parametrize(
    "question",
    [
        "",
        "Tell me more.",
        "Did you know that Acme Hospital hires?",
        "Would you earn 5000 a month?",
        "See https://example.org?",
        "<b>What</b> do you need?",
        "What do you need" + ", and what else" * 60 + "?",
    ],
)
def test_a_question_that_strays_is_replaced_by_the_prepared_one(
    adapter: PostgreSQLAdapter, server: Server, question: str
) -> None:
    server.reply = answering([{"kind": "fact", "quote": "I am a nurse from Graz"}], question)
    now = onboarded(adapter, server)
    assert not question or question not in now.question
    assert question_text(Question(Asked(now.messages[-1].asked))) in now.question


@pytest.mark.parametrize("reply", [raw(500), raw(200, b"<html>"), said("no JSON"), said("{}")])
def test_a_server_that_answers_wrongly_loses_nothing(
    adapter: PostgreSQLAdapter, server: Server, reply: Reply
) -> None:
    server.reply = reply
    now = onboarded(adapter, server)
    assert [i.text for i in now.facts] == ["I am a nurse from Graz"]
    assert len(server.requests) == 1, "who has just failed is not asked a second time"


def test_a_slow_server_is_waited_for_once_and_not_longer_than_its_deadline(
    adapter: PostgreSQLAdapter, server: Server
) -> None:
    onboarded_before = time.monotonic()
    server.reply = after_two_seconds
    now = onboarded(adapter, server, deadline=0.5)
    assert [i.text for i in now.facts] == ["I am a nurse from Graz"]
    assert len(server.requests) == 1
    assert time.monotonic() - onboarded_before < 30


def test_a_server_that_is_not_there_loses_nothing(
    adapter: PostgreSQLAdapter, server: Server
) -> None:
    server.http.server_close()
    now = onboarded(adapter, server)
    assert [i.text for i in now.facts] == ["I am a nurse from Graz"]
    assert now.messages[-1].reply_to is not None
