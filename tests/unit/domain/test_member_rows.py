"""What a row of an import file must hold, and what is said of one that cannot be taken."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.member_rows import (
    DEEPEST_FIELD,
    LONGEST_STATEMENT,
    MOST_STATEMENTS,
    MemberRow,
    member_row,
)


def _raw(**fields: Any) -> dict[str, Any]:
    return {"email": "ann@example.org", "needs": ["tax advice"], "offers": []} | fields


def _nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("ann@example.org", "it is not an object with fields"),
        (["ann@example.org"], "it is not an object with fields"),
        (None, "it is not an object with fields"),
        ({"needs": ["tax advice"]}, "it has no e-mail address"),
        (_raw(email=""), "it has no e-mail address"),
        (_raw(email="   "), "it has no e-mail address"),
        (_raw(email=None), "it has no e-mail address"),
        (_raw(email="ann"), "'ann' is no e-mail address"),
        (_raw(email="ann@example"), "is no e-mail address"),
        (_raw(email="ann@example.org, ben@example.org"), "is no e-mail address"),
        (_raw(email="ann@example.org\nBcc: all"), "is no e-mail address"),
        (_raw(email=["ann@example.org"]), "email is not a text"),
        (_raw(email="a" * 250 + "@example.org"), "email is longer than 254 characters"),
        (_raw(first_name=7), "first_name is not a text"),
        (_raw(last_name="x" * 201), "last_name is longer than 200 characters"),
        (_raw(needs=[]), "it has neither needs nor offers"),
        (_raw(needs=["", "  ", "\u200b\u2060"]), "it has neither needs nor offers"),
        (_raw(needs=[1]), "needs is not a list of texts"),
        (_raw(needs={"a": "b"}), "needs is not a list of texts"),
        (_raw(needs='["unfinished'), "needs begins like a JSON list and is none"),
        (_raw(needs=[f"need {n}" for n in range(21)]), "needs holds more than 20 texts"),
        (_raw(needs=["x" * 4001]), "a text of needs is longer than 4000 characters"),
        (_raw(needs=["tax\x00advice"]), "a character that no text may hold"),
        (_raw(offers=["half \ud800 of a pair"]), "a character that no text may hold"),
        (_raw(note={"deep": [{"deeper": "\x00"}]}), "a character that no text may hold"),
        (_raw(**{"no\x00te": 1}), "a character that no text may hold"),
        (_raw(rate=math.nan), "a number that JSON does not know"),
        (_raw(rate=[-math.inf]), "a number that JSON does not know"),
        (_raw(note=_nested(DEEPEST_FIELD + 1)), "nested more than 50 levels deep"),
        (
            _raw(minor_needs=["a boat"]),
            "minor_needs holds a text that is not among needs: 'a boat'",
        ),
        (_raw(minor_offers=3), "minor_offers is not a list of texts"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_why(raw: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        member_row(raw)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("José", "Núñez"),
        ("Sinéad", "O'Brien"),
        ("Ann (Annie)", "van 't Hoff"),
        ('Bobby"); DROP TABLE users;--', ""),
        ("李", "小龍"),
        ("Ludwig", "MÜLLER-LÜDENSCHEIDT, Jr."),
        ("👩‍🚀", "<script>alert(1)</script>"),
        ("", ""),
    ],
)
def test_names_are_free_text(first: str, last: str) -> None:
    row = member_row(_raw(first_name=first, last_name=last))
    assert (row.first_name, row.last_name) == (first, last)


def test_texts_stay_as_they_were_typed() -> None:
    typed = ["Fish &amp; chips <b>daily</b>", "50% off: 'quotes' & \"more\"", "line one\nline two"]
    assert member_row(_raw(needs=typed)).needs == tuple(typed)


def test_a_text_that_spells_an_escape_out_is_a_text() -> None:
    typed = r"how do I store \u0000 and \ud800 in JSON?"
    assert member_row(_raw(needs=[typed])).needs == (typed,)


def test_blanks_around_a_text_and_texts_said_twice_are_left_out() -> None:
    assert member_row(_raw(needs=["  tax advice ", "tax advice", ""])).needs == ("tax advice",)


def test_blanks_around_a_field_do_not_count_towards_its_length() -> None:
    assert member_row(_raw(first_name=" " * 300 + "Ann")).first_name == "Ann"


def test_every_further_field_is_kept() -> None:
    further = {"community": "north", "joined": 2019, "tags": ["a", {"b": None}], "Needs": "x"}
    assert member_row(_raw(**further)).further == further


def test_a_csv_cell_holds_one_text_or_several_between_bars_on_lines_or_as_a_json_list() -> None:
    assert member_row(_raw(needs="tax advice")).needs == ("tax advice",)
    assert member_row(_raw(needs="tax advice | a garden")).needs == ("tax advice", "a garden")
    assert member_row(_raw(needs="tax advice\na garden")).needs == ("tax advice", "a garden")
    assert member_row(_raw(needs='["tax | advice"]')).needs == ("tax | advice",)
    assert member_row(_raw(needs="and|or")).needs == ("and|or",)


def test_a_row_names_which_of_its_texts_are_minor_or_says_nothing_of_it() -> None:
    row = member_row(_raw(needs=["tax", "law"], minor_needs=" law | tax "))
    assert (row.minor_needs, row.minor_offers) == (("law", "tax"), None)
    row = member_row(_raw(needs="tax | law", minor_needs="", minor_offers=[]))
    assert (row.minor_needs, row.minor_offers) == (None, ())
    assert row.further == {}


_texts = st.text(max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_rows = st.dictionaries(
    st.sampled_from(
        ["email", "first_name", "last_name", "needs", "offers", "minor_needs", "place", "note"]
    ),
    _json | st.lists(_texts, max_size=3) | st.emails(),
) | st.fixed_dictionaries(
    {"email": st.emails(), "needs": st.lists(_texts, max_size=25), "offers": st.lists(_texts)}
)


@settings(deadline=None)
@given(_rows | _json)
def test_any_row_is_refused_or_holds_nothing_that_the_databases_would_refuse(raw: object) -> None:
    try:
        row = member_row(raw)
    except ValueError:
        return
    assert row.needs or row.offers
    assert "@" in row.email
    for said in (*row.needs, *row.offers):
        assert said == said.strip()
        assert 0 < len(said) <= LONGEST_STATEMENT
    assert len(row.needs) <= MOST_STATEMENTS
    text = json.dumps(dict(row.further), allow_nan=False)
    assert "\x00" not in text
    text.encode()


@settings(deadline=None)
@given(
    st.builds(
        lambda email, needs, offers, note: {
            "email": email, "needs": needs, "offers": offers, "note": note,
        },
        st.emails(),
        st.lists(st.text("abc def&<>'\"", min_size=1, max_size=12).filter(str.strip), min_size=1,
                 max_size=5),
        st.lists(st.text("ghi jkl", min_size=1, max_size=12), max_size=5),
        st.text("xyz"),
    )
)  # fmt: skip
def test_a_row_that_was_taken_is_taken_again_and_says_the_same(raw: dict[str, Any]) -> None:
    once = member_row(raw)
    again = member_row(
        {"email": once.email, "needs": list(once.needs), "offers": list(once.offers)}
        | dict(once.further)
    )
    assert isinstance(again, MemberRow)
    assert again == once
