"""Messages are divided where they may be, and no word of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.understanding.spans import LONGEST, Span, bare, cuts, sentences, trimmed


def said(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I need a van. I can cook!", ["I need a van", "I can cook!"]),
        ("need a van\nhave a boat", ["need a van", "have a boat"]),
        ("• Python\n• SQL; Excel", ["Python", "SQL", "Excel"]),
        (
            "I know Dr. Weber and e.g. tax law. Ask me",
            ["I know Dr. Weber and e.g. tax law", "Ask me"],
        ),
        ("about 3.5 hours a week", ["about 3.5 hours a week"]),
        ("who can help??", ["who can help??"]),
        ("... --- !!!", []),
        ("", []),
        ("2014 - 2019 nurse - night shift", ["2014 - 2019 nurse", "night shift"]),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@given(st.text())
def test_every_letter_and_digit_of_a_message_stands_in_exactly_one_sentence(text: str) -> None:
    found = sentences(text)
    covered = [place for span in found for place in range(span.start, span.stop)]
    assert len(covered) == len(set(covered))
    missing = set(range(len(text))) - set(covered)
    assert not any(text[place].isalnum() for place in missing)
    assert found == sorted(found)


def test_a_text_without_any_end_is_divided_all_the_same() -> None:
    text = "word " * 2_000
    found = sentences(text)
    assert all(span.stop - span.start <= LONGEST for span in found)
    assert sum(len(span.of(text).split()) for span in found) == 2_000
    assert "".join(said("x" * 5_000)) == "x" * 5_000


def test_a_sentence_may_be_cut_at_commas_and_joints() -> None:
    text = "I need a van, and I can cook but not bake"
    places = cuts(text, Span(0, len(text)))
    assert {text[place:].split(maxsplit=1)[0] for place in places} >= {"and", "I", "but"}


def test_the_joint_before_a_statement_is_left_out_of_it() -> None:
    text = ", and also I can cook."
    assert bare(text, Span(0, len(text))).of(text) == "I can cook"
    assert trimmed(text, Span(0, len(text))).of(text) == "and also I can cook"
