"""A language model that answers well, wrongly, slowly or not at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.language_model import OpenAILanguageModel, build_language_model
from app.errors import SettingsError
from app.services.language import LanguageModelError
from tests.language_model_server import KEY, Reply, Server, after_two_seconds, raw, running, said

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running() as started:
        yield started


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
