"""Choose the question whose answer helps matching most, and never ask for what was said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.domain.understanding.kinds import Asked


@dataclass(frozen=True, slots=True)
class Vague:
    """Hold a statement that says too little to match on."""

    item_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """Hold what a conversation has brought so far.

    `asked` counts how often each question was put; `detailed` are the statements that more was
    asked about already.
    """

    needs: int = 0
    offers: int = 0
    facts: int = 0
    vague_needs: tuple[Vague, ...] = ()
    vague_offers: tuple[Vague, ...] = ()
    rules_set: bool = False
    asked: Mapping[Asked, int] = field(default_factory=dict)
    detailed: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Hold a question: which it is, about which statement, and the how-manieth time it is put."""

    asked: Asked
    about: Vague | None = None
    time: int = 0


# How much the answer helps: without a need or without an offer there is no match at all; a vague
# statement matches everybody and nobody; rules and facts only refine.
_WORTH: Final = {
    Asked.NEED: 100.0,
    Asked.OFFER: 90.0,
    Asked.NEED_DETAIL: 50.0,
    Asked.OFFER_DETAIL: 45.0,
    Asked.RULES: 20.0,
    Asked.ABOUT: 10.0,
}
_MOST_TIMES: Final = 3  # that a need or an offer which is still missing is asked for
_TIRING: Final = 0.55  # what a repeated question is worth, each time it is repeated


def ranked(known: Known) -> list[Question]:
    """List the questions that are open, the most helpful first; empty when nothing is missing."""
    questions: list[Question] = []
    for asked, missing in ((Asked.NEED, not known.needs), (Asked.OFFER, not known.offers)):
        times = known.asked.get(asked, 0)
        if missing and times < _MOST_TIMES:
            questions.append(Question(asked, time=times))
    for asked, statements in (
        (Asked.NEED_DETAIL, known.vague_needs),
        (Asked.OFFER_DETAIL, known.vague_offers),
    ):
        questions.extend(
            Question(asked, about=statement)
            for statement in statements
            if statement.item_id not in known.detailed
        )
    if not known.rules_set and not known.asked.get(Asked.RULES):
        questions.append(Question(Asked.RULES))
    if not known.facts and not known.asked.get(Asked.ABOUT):
        questions.append(Question(Asked.ABOUT))
    return sorted(questions, key=_worth, reverse=True)


def _worth(question: Question) -> float:
    return _WORTH[question.asked] * _TIRING**question.time


def next_question(known: Known) -> Question:
    """Choose the most helpful question; the question NOTHING when no answer would help much."""
    questions = ranked(known)
    return questions[0] if questions else Question(Asked.NOTHING)


def progress(known: Known) -> int:
    """Tell how far a conversation is, 0 to 95: the last step is the member's own, the button."""
    enough_needs = bool(known.needs > len(known.vague_needs))
    enough_offers = bool(known.offers > len(known.vague_offers))
    reached = (
        30 * bool(known.needs)
        + 30 * bool(known.offers)
        + 10 * enough_needs
        + 10 * enough_offers
        + 8 * known.rules_set
        + 7 * bool(known.facts)
    )
    return min(reached, 95)
