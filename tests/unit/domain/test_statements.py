"""Needs and offers are told apart, digested by what they say, and written into nothing but summaries."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.domain.statements import Kind, Statement, content_hash, summary_text

MEMBER = UUID(int=1)
_said = st.lists(st.tuples(st.sampled_from(Kind), st.text(min_size=1, max_size=20)), max_size=6)


def _statements(said: list[tuple[Kind, str]]) -> list[Statement]:
    places = {Kind.NEED: 0, Kind.OFFER: 0}
    made = []
    for kind, text in said:
        made.append(Statement(uuid4(), MEMBER, kind, places[kind], text))
        places[kind] += 1
    return made


def test_a_need_is_answered_by_an_offer_and_an_offer_by_a_need() -> None:
    assert Kind.NEED.other is Kind.OFFER
    assert Kind.OFFER.other is Kind.NEED


@given(_said, st.randoms())
def test_the_digest_knows_what_was_said_and_not_in_which_order_it_was_read(
    said: list[tuple[Kind, str]], random: st.DataObject
) -> None:
    statements = _statements(said)
    digest = content_hash(statements)
    random.shuffle(statements)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    assert content_hash(statements) == digest == content_hash(_statements(said))
    assert len(digest) == 32


@given(_said, _said)
def test_members_who_say_different_things_have_different_digests(
    one: list[tuple[Kind, str]], other: list[tuple[Kind, str]]
) -> None:
    def by_kind(said: list[tuple[Kind, str]]) -> list[list[str]]:
        return [[text for k, text in said if k is kind] for kind in Kind]

    same = content_hash(_statements(one)) == content_hash(_statements(other))
    assert same == (by_kind(one) == by_kind(other))


def test_a_digest_is_not_fooled_by_where_one_text_ends_and_the_next_begins() -> None:
    one = _statements([(Kind.NEED, "ab"), (Kind.NEED, "c")])
    other = _statements([(Kind.NEED, "a"), (Kind.NEED, "bc")])
    assert content_hash(one) != content_hash(other)


def test_a_summary_says_what_was_said_and_nothing_else() -> None:
    assert summary_text(["tax &amp; law", "two\nlines"], ["piano"]) == (
        "## What I need\n\n- tax &amp; law\n- two lines\n\n## What I offer\n\n- piano"
    )
    assert summary_text([], ["piano"]) == "## What I offer\n\n- piano"
    assert summary_text([], []) == ""
