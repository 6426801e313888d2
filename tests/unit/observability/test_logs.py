"""Logs are for programs or for people, and hold nothing of a member."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from app.errors import NotFoundError
from app.observability import correlation, logs

log = logging.getLogger("tests.observability")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonFormatter())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    yield written
    log.removeHandler(handler)
    log.propagate = True


def _fail(error: Exception) -> None:
    words_of_a_member = "I am looking for a heart surgeon"
    assert words_of_a_member
    raise error


def test_a_line_is_json_with_time_level_logger_message_and_what_was_added(
    lines: io.StringIO,
) -> None:
    log.info("%d events", 7, extra={"topic": "embed"})
    told = json.loads(lines.getvalue())
    assert told["message"] == "7 events"
    assert told["level"] == "info"
    assert told["logger"] == "tests.observability"
    assert told["topic"] == "embed"
    assert told["at"].endswith("+00:00")


def test_a_line_carries_the_ids_of_the_request_and_of_the_task_it_belongs_to(
    lines: io.StringIO,
) -> None:
    with correlation.holding("request", "abcdefgh"), correlation.holding("task", "12345678"):
        log.info("inside")
    log.info("outside")
    inside, outside = map(json.loads, lines.getvalue().splitlines())
    assert (inside["request"], inside["task"]) == ("abcdefgh", "12345678")
    assert "request" not in outside


@pytest.mark.parametrize(
    "secret",
    [
        "ann.o'hara+x@example.org",
        "0b2f4f0e-5f0a-4f6e-9d43-3f9c6a3a1c55",
        "7C1E9A52-0D2B-4B7E-8F5A-2A6B9C4D1E0F",
        "ÄNNE@exämple.de",
    ],
)
def test_addresses_and_ids_of_members_are_cut_out_of_messages_and_additions(
    lines: io.StringIO, secret: str
) -> None:
    log.info("about %s: failed", secret, extra={"member": f"<{secret}>"})
    log.info(f"about {secret}")  # noqa: G004 - a message put together before is told as well
    for part in secret.split("@"):
        if len(part) > 8:
            assert part not in lines.getvalue()


def test_a_password_in_an_address_is_cut_out(lines: io.StringIO) -> None:
    log.info("cannot reach postgresql://user:Geheim-7@host:5432/db and redis://:Geheim-7@h/0")
    assert "Geheim-7" not in lines.getvalue()
    assert "host:5432/db" in lines.getvalue()


def test_a_server_is_named_by_its_host_and_port(lines: io.StringIO) -> None:
    log.info("reciprocity_user@127.0.0.1:5433/x and worker@db.example.org:5432/x")
    assert "reciprocity_user@127.0.0.1:5433/x" in lines.getvalue()
    assert "worker@db.example.org:5432/x" in lines.getvalue()


def test_an_error_of_a_library_is_told_by_type_and_place_and_never_by_its_words(
    lines: io.StringIO,
) -> None:
    error = psycopg.errors.UniqueViolation("Key (text)=(a heart surgeon) already exists")
    try:
        _fail(error)
    except psycopg.Error as caught:
        log.exception("it failed: %s", caught)  # noqa: TRY401 - as an argument too
    told = json.loads(lines.getvalue())
    assert told["error"] == "UniqueViolation (SQLSTATE 23505)"
    assert told["message"] == "it failed: UniqueViolation (SQLSTATE 23505)"
    assert told["places"][-1].endswith("_fail")
    assert "surgeon" not in lines.getvalue()


def test_an_error_of_our_own_says_what_it_says_without_the_member(lines: io.StringIO) -> None:
    try:
        _fail(NotFoundError(f"No member has the id {uuid4()}; nothing was changed."))
    except NotFoundError:
        log.exception("refused")
    told = json.loads(lines.getvalue())
    assert told["error"] == "NotFoundError: No member has the id (id); nothing was changed."


def test_the_text_form_is_one_line_a_record_with_the_same_care() -> None:
    record = log.makeRecord(
        "tests", logging.WARNING, "", 0, "%s is away", ("ann@example.org",), None
    )
    assert logs.TextFormatter().format(record).endswith("warning tests: (e-mail) is away")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("3f2c-abcdef01", True),
        ("short", False),
        ("ann@example.org", False),
        ("a" * 65, False),
        ("line\nbreak-0000", False),
        (None, False),
    ],
)
def test_a_callers_id_is_taken_when_it_is_a_plain_one(given: str | None, *, kept: bool) -> None:
    assert (correlation.accepted(given) == given) is kept
