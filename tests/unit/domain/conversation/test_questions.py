"""The next question is the one that helps matching most, and nothing said is asked for."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.domain.conversation.questions import (
    Known,
    Question,
    Vague,
    next_question,
    progress,
    ranked,
)
from app.domain.conversation.wording import heard, question_text
from app.domain.understanding.kinds import Asked, Meaning

VAGUE = Vague(uuid4(), "help")


def test_who_has_said_nothing_is_asked_what_they_need() -> None:
    assert next_question(Known()).asked is Asked.NEED


def test_who_has_said_a_need_is_asked_for_an_offer() -> None:
    assert next_question(Known(needs=1)).asked is Asked.OFFER


def test_who_has_said_an_offer_first_is_asked_for_a_need() -> None:
    assert next_question(Known(offers=2)).asked is Asked.NEED


def test_a_vague_need_is_asked_about_before_rules_and_facts() -> None:
    question = next_question(Known(needs=1, offers=1, vague_needs=(VAGUE,)))
    assert question == Question(Asked.NEED_DETAIL, about=VAGUE)
    assert "“help”" in question_text(question)


def test_more_is_asked_about_one_statement_once() -> None:
    known = Known(needs=1, offers=1, vague_needs=(VAGUE,), detailed={VAGUE.item_id})
    assert next_question(known).asked is Asked.RULES


def test_rules_come_last_but_for_facts_and_then_nothing_is_asked() -> None:
    assert next_question(Known(needs=1, offers=1)).asked is Asked.RULES
    assert next_question(Known(needs=1, offers=1, rules_set=True)).asked is Asked.ABOUT
    known = Known(needs=1, offers=1, facts=1, rules_set=True)
    assert next_question(known).asked is Asked.NOTHING
    assert "I am done" in question_text(next_question(known))


def test_a_need_that_stays_missing_is_asked_for_in_other_words_and_not_for_ever() -> None:
    words: list[str] = []
    asked: dict[Asked, int] = {}
    for _ in range(20):
        question = next_question(Known(asked=asked))
        if question.asked is Asked.NEED:
            words.append(question_text(question))
        asked[question.asked] = asked.get(question.asked, 0) + 1
    assert len(words) == len(set(words)) == 3


def test_who_does_not_answer_one_question_is_asked_the_other_before_it_is_repeated() -> None:
    assert next_question(Known(asked={Asked.NEED: 1})).asked is Asked.OFFER


def test_a_question_with_braces_or_a_long_statement_is_worded_all_the_same() -> None:
    long = Vague(uuid4(), "{about} {0} " + "word " * 200)
    text = question_text(Question(Asked.OFFER_DETAIL, about=long))
    assert "{about} {0} word" in text
    assert len(text) < 300


def test_what_was_heard_is_counted_and_nothing_is_claimed_when_nothing_was() -> None:
    assert heard([Meaning.NEED, Meaning.OFFER, Meaning.NEED]) == "I noted 2 needs and 1 offer."
    assert heard([Meaning.FACT]) == "I noted 1 fact."
    assert "nothing" in heard([Meaning.NEITHER])


@given(
    st.builds(
        Known,
        needs=st.integers(0, 3),
        offers=st.integers(0, 3),
        facts=st.integers(0, 3),
        rules_set=st.booleans(),
        asked=st.dictionaries(st.sampled_from(list(Asked)), st.integers(0, 5)),
    )
)
def test_nothing_that_was_said_is_ever_asked_for(known: Known) -> None:
    asked = {question.asked for question in ranked(known)}
    assert not (known.needs and Asked.NEED in asked)
    assert not (known.offers and Asked.OFFER in asked)
    assert not (known.facts and Asked.ABOUT in asked)
    assert not (known.rules_set and Asked.RULES in asked)
    assert 0 <= progress(known) <= 95


def test_progress_is_less_while_statements_are_vague() -> None:
    one: UUID = uuid4()
    assert progress(Known(needs=1, vague_needs=(Vague(one, "help"),))) < progress(Known(needs=1))
