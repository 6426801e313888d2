"""Pages speak the language that was chosen or asked for, whole, and never change what members wrote."""

from __future__ import annotations

import ast
import re
from datetime import timedelta

import pytest

from app.domain.accounts import checked_password
from app.errors import InvalidInputError
from app.services.limits import TooOftenError
from app.web.languages import LANGUAGES, SOURCE, chosen, told, translated
from app.web.rendering import filled
from scripts.translations import ROOT, catalogue, errors_told, missing, sentences, told_in

OTHERS = [language for language in LANGUAGES if language != SOURCE]
_VALUES = re.compile(r"%\(\w+\)s|\{\w+(?:!r)?\}")
# Errors of these are read on a command line, by a worker or by a program, never on a page.
_ON_NO_PAGE = frozenset(
    f"app/{name}.py"
    for name in (
        "domain/webhooks",
        "repositories/backend/batches",
        "services/backup",
        "services/learn",
        "services/operator_webhooks",
        "services/take_over",
        "services/webhooks",
    )
)


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_complete_and_holds_nothing_that_no_page_says(language: str) -> None:
    assert missing(language) == []
    known = {str(message.id) for message in catalogue(language) if message.id}
    assert known == set(sentences())


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_every_value_of_its_sentence(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            own, theirs = (_VALUES.findall(str(one)) for one in (message.id, message.string))
            assert sorted(own) == sorted(theirs), message.id
            assert "%" not in _VALUES.sub("", str(message.string)), "a bare % breaks the page"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,en;q=0.5,de;q=0.8", "de"),
        ("", "de;q=0,fr", "en"),
        ("", "de;q=zero, ;;,=", "en"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("klingon", "de", "de"),
    ],
)
def test_the_choice_comes_before_what_the_browser_asks_for(
    cookie: str, accepted: str, language: str
) -> None:
    assert chosen(cookie, accepted) == language


def test_an_error_is_told_with_its_values_in_the_readers_language() -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_password("short", "ann@example.org")
    assert "at least 10 characters" in str(caught.value)
    assert told(SOURCE, caught.value) == str(caught.value)
    german = told("de", caught.value)
    assert "10" in german
    assert german != str(caught.value)


def test_every_error_of_a_page_is_a_sentence_with_its_values_apart() -> None:
    told = errors_told()
    made_up = [
        f"{file}:{node.lineno}"
        for path in told_in()
        if (file := str(path.relative_to(ROOT))) not in _ON_NO_PAGE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in told
        if node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert made_up == [], "give the values by name: InvalidInputError('At most {most}.', most=5)"


def test_waiting_is_told_with_the_time_in_the_readers_language() -> None:
    assert told("de", TooOftenError(timedelta(seconds=7))).endswith("in 7 s noch einmal.")
    assert told("de", TooOftenError(timedelta(minutes=9))).endswith("in 9 Minuten noch einmal.")


def test_what_somebody_typed_is_escaped_and_unchanged_in_every_language() -> None:
    for language in LANGUAGES:
        shown = filled("_problem.html", language, problem="<b>100 % {x} %(y)s")
        assert "&lt;b&gt;100 % {x} %(y)s" in shown


def test_a_sentence_that_nobody_translated_stays_as_it_is() -> None:
    assert translated("de", "no sentence of any page") == "no sentence of any page"
    assert translated("de", "") == ""
