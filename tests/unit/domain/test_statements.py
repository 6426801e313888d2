"""Needs and offers are told apart, digested by what they say, and written into nothing but summaries."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.domain.statements import Importance, Kind, Minor, Statement, content_hash, summary_text

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


@given(_said.filter(bool), st.data())
def test_the_digest_knows_how_much_a_statement_counts(
    said: list[tuple[Kind, str]], data: st.DataObject
) -> None:
    statements = _statements(said)
    chosen = data.draw(st.sampled_from(range(len(statements))))
    weighed = [
        replace(one, importance=Importance.MINOR) if place == chosen else one
        for place, one in enumerate(statements)
    ]
    assert content_hash(weighed) != content_hash(statements)


@given(_said)
def test_the_digest_of_statements_that_count_in_full_is_what_it_always_was(
    said: list[tuple[Kind, str]],
) -> None:
    digest = sha256()
    for one in sorted(_statements(said), key=lambda s: (s.kind, s.position)):
        for part in (one.kind.value, str(one.position), one.text):
            digest.update(len(part.encode()).to_bytes(4, "big") + part.encode())
    assert content_hash(_statements(said)) == digest.digest()


def test_an_importance_is_kept_by_the_words_until_somebody_says_otherwise() -> None:
    before = Minor(frozenset({"tax", "law"}), frozenset({"piano"}))
    assert before.changed(None, []).within(["tax"], ["piano"]) == Minor(frozenset({"tax"}))
    assert before.importance(Kind.NEED, "law") is Importance.MINOR
    assert before.importance(Kind.OFFER, "law") is Importance.MAIN
    assert Importance.MAIN.weight == 1.0 > Importance.MINOR.weight


def test_a_summary_says_what_was_said_and_nothing_else() -> None:
    assert summary_text(["tax &amp; law", "two\nlines"], ["piano"]) == (
        "## What I need\n\n- tax &amp; law\n- two lines\n\n## What I offer\n\n- piano"
    )
    assert summary_text([], ["piano"]) == "## What I offer\n\n- piano"
    assert summary_text([], []) == ""
