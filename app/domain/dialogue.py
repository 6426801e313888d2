"""Let two members' assistants compare what each needs and offers, and say only what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.domain.explaining import Half, percent, quoted

Side = Literal["initiator", "responder"]
MOST_TURNS: Final = 10
LONGEST_TURN: Final = 700  # characters
# Words with which an assistant may join what its member said; every other word must be theirs. None
# of these denies, counts or judges: what is not there, how much and how well it fits are claims.
_JOINING: Final = frozenset(
    """
    a about after again also am an and another any are as ask assistant at be because been before being
    between both but by can could did do does each either for from glad good had has have he hello help
    helps her here hers hi him his how i if in into is it its just let like made make makes many maybe
    me meet member members mine my need needs now of offer offered offers on one only or other others
    our out perhaps please possible reason said say says she should side sides since so some something
    sounds speak suggest talk than thank thanks that the their them then there these they this those
    though to together too towards two understand us want wants was we well were what when where whether
    which while who whom whose why will with words would write writes wrote yes you your yours
    """.split()  # noqa: SIM905 - so many words read better as a text
)
_OFFERING: Final = frozenset({"offer", "offered", "offers"})
_ABLE: Final = frozenset({"can", "could", "will"})
_NEEDING: Final = frozenset({"need", "needs", "want", "wants"})


@dataclass(frozen=True, slots=True)
class Turn:
    """Hold what one member's assistant says."""

    side: Side
    content: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Hold a conversation of two assistants, the verdict in words and as 0 to 100."""

    turns: tuple[Turn, ...]
    remarks: str
    score: int


def written(initiator: Half, responder: Half, score: float) -> Dialogue:
    """Write a dialogue from the reasons; each half is what that side would gain."""
    turns = (
        Turn(
            "initiator",
            f"Hello. The member I speak for wrote about a need: {quoted(initiator.need)}. Did the"
            " member you speak for offer something for that?",
        ),
        Turn(
            "responder",
            f"They offered {quoted(initiator.offer)}. By the score that is {initiator.fit}. They also"
            f" wrote about a need: {quoted(responder.need)}. Can your side help with that?",
        ),
        Turn(
            "initiator",
            f"My side offered {quoted(responder.offer)}. By the score that is {responder.fit}.",
        ),
        Turn("responder", verdict(score)),
    )
    return Dialogue(turns, verdict(score), percent(score))


def unmatched(score: float = 0.0) -> Dialogue:
    """Write the dialogue of two of whom nothing is known that fits both ways."""
    said = (
        "I have looked at what both members wrote and approved. I found nothing in it by which both would"
        " gain."
    )
    return Dialogue((Turn("initiator", said),), said, percent(score))


def verdict(score: float) -> str:
    """Say what a score means, drawn from the number alone."""
    value = percent(score)
    if value >= 50:  # noqa: PLR2004 - from here on the backend takes a conversation as approved
        return f"Both sides gain: the score is {value} of 100. I suggest that they talk."
    if value >= 30:  # noqa: PLR2004 - where the tier "promising" begins
        return (
            f"There is something in it for both sides: the score is {value} of 100. They may want to ask"
            " more."
        )
    return f"The two fit loosely: the score is {value} of 100. I would not promise much."


def strays(turns: Sequence[Turn], initiator: Half, responder: Half) -> str:
    """Say why a worded dialogue cannot be believed; the empty text when it can.

    Every word of a turn must be one that the speaker's own member said of their need and offer in
    these halves, or one that only joins; numbers and names are words like any other. What was
    needed may not be offered, nor the other way about.
    """
    if not 2 <= len(turns) <= MOST_TURNS:  # noqa: PLR2004 - both sides speak
        return f"it has {len(turns)} turns"
    if {turn.side for turn in turns} != {"initiator", "responder"}:
        return "one side says nothing"
    own = {
        "initiator": (initiator.need, responder.offer),
        "responder": (responder.need, initiator.offer),
    }
    for turn in turns:
        if not turn.content.strip() or len(turn.content) > LONGEST_TURN:
            return "a turn is empty or too long"
        need, offer = (frozenset(_words(text)) for text in own[turn.side])
        unknown = sorted(set(_words(turn.content)) - need - offer - _JOINING)
        if unknown:
            return f"that member never said “{unknown[0]}”"
        for sentence in re.findall(r"[^.?!;\n]+[.?!;\n]*", turn.content):
            if _swapped(sentence, need - offer - _JOINING, offer - need - _JOINING):
                return f"it swaps a need and an offer: “{sentence.strip()}”"
    return ""


def _swapped(sentence: str, needed: frozenset[str], offered: frozenset[str]) -> bool:
    """Say whether a sentence offers what the member needs, or needs what they offer."""
    said = frozenset(_words(sentence))
    asks = sentence.rstrip().endswith("?")
    if said & needed and not said & offered:
        return bool(said & _OFFERING) or (bool(said & _ABLE) and not asks)
    return bool(said & offered and not said & needed and said & _NEEDING)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"\w+", text)]
