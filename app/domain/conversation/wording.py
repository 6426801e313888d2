"""Put questions and replies into words; where a language model is at hand it may word them itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.domain.conversation.questions import Question
from app.domain.understanding.kinds import Asked, Meaning

GREETING: Final = (
    "Welcome! Tell me what you need and what you could do for others, in your own words and in any"
    " order; you can also paste a biography or send a résumé. What I understand appears beside this"
    " conversation, where you can change it."
)
_QUESTIONS: Final[dict[Asked, tuple[str, ...]]] = {
    Asked.NEED: (
        "What do you need right now? Say it as you would to a friend who knows many people.",
        (
            "I have not understood yet what you need. Which problem would you gladly hand to somebody,"
            " or whom would you like to meet?"
        ),
        "Is there one thing that somebody here could do for you: advice, a contact, a skill, time?",
    ),
    Asked.OFFER: (
        (
            "And what could you do for somebody else? Skills, advice, contacts, things to lend: all of"
            " it counts."
        ),
        "I have not understood yet what you offer. What do people ask you for?",
        "Is there one thing that you would gladly do for somebody here, even a small one?",
    ),
    Asked.NEED_DETAIL: (
        (
            "You need “{about}”. Can you say more, so that the right person recognises it: what for,"
            " which kind, by when?"
        ),
    ),
    Asked.OFFER_DETAIL: (
        "You offer “{about}”. Can you say more: for whom, which part of it, how much of it?",
    ),
    Asked.RULES: (
        (
            "Is there anything that must hold for everybody you are introduced to, such as a place, a"
            " language or a field? You can also set this under Rules."
        ),
    ),
    Asked.ABOUT: ("Where are you, what do you do, and which languages do you speak?",),
    Asked.NOTHING: (
        "That is enough to find people for you. Add whatever you like, or press “I am done”.",
    ),
}
_LONGEST_QUOTE: Final = 120  # characters of a statement that a question repeats


def question_text(question: Question) -> str:
    """Word a question; asked again it is put otherwise."""
    texts = _QUESTIONS[question.asked]
    text = texts[min(question.time, len(texts) - 1)]
    if question.about is None:
        return text
    quoted = " ".join(question.about.text.split())
    if len(quoted) > _LONGEST_QUOTE:
        quoted = quoted[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return text.replace("{about}", quoted)


def heard(meanings: Sequence[Meaning]) -> str:
    """Say what was understood of a message, and honestly when that was nothing."""
    counts = {meaning: meanings.count(meaning) for meaning in Meaning}
    parts = [
        f"{count} {meaning.value}{'s' if count > 1 else ''}"
        for meaning, count in counts.items()
        if count and meaning is not Meaning.NEITHER
    ]
    if not parts:
        return "I kept that, and found nothing in it for your lists."
    return f"I noted {_listed(parts)}."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
