"""Put questions and replies into words, in any language that `say` translates them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from app.domain.conversation.questions import Question
from app.domain.understanding.kinds import Asked, Meaning

Say = Callable[[str], str]
GREETING: Final = (
    "Welcome! Tell me what you need and what you could do for others, in your own words and in any"
    " order; you can also paste a biography or send a résumé. What I understand appears beside this"
    " conversation, where you can change it."
)
QUESTIONS: Final[dict[Asked, tuple[str, ...]]] = {
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


# What was understood of a message: what is said of one statement, and of several.
NOTED: Final[dict[Meaning, tuple[str, str]]] = {
    Meaning.NEED: ("{count} need", "{count} needs"),
    Meaning.OFFER: ("{count} offer", "{count} offers"),
    Meaning.FACT: ("{count} fact", "{count} facts"),
}
I_NOTED: Final = ("I noted {what}.", "{first} and {last}")
NOTHING_NOTED: Final = "I kept that, and found nothing in it for your lists."


def greeting(say: Say = str) -> str:
    """Greet whoever begins."""
    return say(GREETING)


def question_text(question: Question, say: Say = str) -> str:
    """Word a question; asked again it is put otherwise."""
    texts = QUESTIONS[question.asked]
    text = say(texts[min(question.time, len(texts) - 1)])
    if question.about is None:
        return text
    quoted = " ".join(question.about.text.split())
    if len(quoted) > _LONGEST_QUOTE:
        quoted = quoted[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return text.replace("{about}", quoted)


def heard(meanings: Sequence[Meaning], say: Say = str) -> str:
    """Say what was understood of a message, and honestly when that was nothing."""
    counts = {meaning: meanings.count(meaning) for meaning in NOTED}
    parts = [
        say(NOTED[meaning][count > 1]).format(count=count)
        for meaning, count in counts.items()
        if count
    ]
    if not parts:
        return say(NOTHING_NOTED)
    noted, joined = I_NOTED
    first = ", ".join(parts[:-1])
    what = say(joined).format(first=first, last=parts[-1]) if first else parts[-1]
    return say(noted).format(what=what)
