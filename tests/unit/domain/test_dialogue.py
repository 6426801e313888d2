"""Assistants say what members said, and a dialogue that says anything else is not believed."""

from __future__ import annotations

import pytest

from app.domain.dialogue import Turn, strays, unmatched, verdict, written
from app.domain.explaining import Half, explained

MINE = Half("Help with my tax return.", "I prepare tax returns for companies", 0.7)
THEIRS = Half("A piano teacher", "piano lessons for beginners", 0.3)


def test_a_written_dialogue_quotes_both_and_ends_with_the_scores_verdict() -> None:
    made = written(MINE, THEIRS, 0.46)
    text = " ".join(turn.content for turn in made.turns)
    assert "“Help with my tax return”" in text
    assert "“piano lessons for beginners”" in text
    assert "a close fit" in text
    assert "a loose fit" in text
    assert {turn.side for turn in made.turns} == {"initiator", "responder"}
    assert (made.score, made.remarks) == (46, verdict(0.46))
    assert "46 of 100" in made.turns[-1].content


@pytest.mark.parametrize(
    ("score", "words"), [(0.5, "I suggest that they talk"), (0.3, "ask more"), (0.29, "loosely")]
)
def test_the_verdict_is_drawn_from_the_score_alone(score: float, words: str) -> None:
    assert words in verdict(score)


def test_of_two_who_do_not_fit_nothing_is_claimed() -> None:
    made = unmatched()
    assert made.score == 0
    assert len(made.turns) == 1


@pytest.mark.parametrize(
    "claim",
    [
        "They have ten years of experience with tax returns.",
        "My member is called Ann and needs help with the tax return.",
        "They prepare tax returns for 3 companies.",
        "They are a certified accountant.",
        "Visit https://example.org for a piano teacher.",
        "My member would also like help with a tax return.",
        "They do not prepare tax returns for companies.",
        "Every company is right for them: they prepare tax returns.",
        "This is a strong match.",
    ],
)
def test_a_worded_dialogue_that_says_what_nobody_said_is_not_believed(claim: str) -> None:
    turns = [Turn("initiator", "I need help with my tax return."), Turn("responder", claim)]
    assert strays(turns, MINE, THEIRS).startswith("that member never said")


def test_a_worded_dialogue_of_their_own_words_is_believed_and_both_must_speak() -> None:
    turns = [
        Turn("initiator", "My member needs help with a tax return. Could yours help?"),
        Turn("responder", "Yes: they wrote “I prepare tax returns for companies”."),
    ]
    assert strays(turns, MINE, THEIRS) == ""
    assert strays([turns[0], turns[0]], MINE, THEIRS) == "one side says nothing"
    assert strays(turns[:1], MINE, THEIRS) == "it has 1 turns"
    assert "too long" in strays([turns[0], Turn("responder", "yes " * 400)], MINE, THEIRS)


def test_an_explanation_is_integers_and_the_members_words_from_either_side() -> None:
    told = explained("Bob", MINE, THEIRS, 0.46)
    other = explained("Ann", THEIRS, MINE, 0.46)
    assert told.score == other.score == 46
    assert told.breakdown == {"score": 46, "what_you_gain": 70, "what_they_gain": 30}
    assert told.tier == "promising"
    assert told.summary.startswith("You need “Help with my tax return”, and Bob offered")
    assert len(told.friction_points) == 1
    assert len(told.talking_points) == 3


@pytest.mark.parametrize(
    "claim",
    [
        "My member offers a piano teacher.",
        "They can be a piano teacher.",
        "My member needs tax returns for companies.",
        "Hello! They want to prepare tax returns.",
    ],
)
def test_a_need_is_not_told_as_an_offer_nor_an_offer_as_a_need(claim: str) -> None:
    turns = [Turn("initiator", "I need help with my tax return."), Turn("responder", claim)]
    assert strays(turns, MINE, THEIRS).startswith("it swaps")
    turns[1] = Turn("responder", "They need a piano teacher and offer to prepare tax returns.")
    assert strays(turns, MINE, THEIRS) == ""
    turns[1] = Turn("responder", "Could your side be a piano teacher?")
    assert strays(turns, MINE, THEIRS) == ""
