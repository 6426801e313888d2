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
# Words with which an assistant may join what members said; every other word must be theirs.
_JOINING: Final = frozenset(
    """
    a about above after again all also am an and another any are as ask assistant at be because been
    before being between both but by can close closely could did do does each either enough every few first
    fit fits fitting for from full gain gains glad good great had has have he hello help helps her here hers
    hi him his how i if in into is it its just kind less let like loose loosely made make makes many match
    matches matching maybe me meet member members mine more most much my need needs neither no nor not now
    of offer offered offers on one only or other others our out over part partial partly perhaps please
    possible promising ready really reason right said same say says score she should side sides since so
    some something sounds speak still strong suggest talk than thank thanks that the their them then there
    these they this those though to together too towards true two under understand us useful very want
    wants was we well were what when where whether which while who whom whose why will with without words
    worth would write writes wrote yes you your yours
    """.split()  # noqa: SIM905 - two hundred words read better as a text
)


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
        "I have compared what both members wrote. There is no need of one that an offer of the other"
        " answers in both directions."
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


def strays(turns: Sequence[Turn], said: Sequence[str]) -> str:
    """Say why a worded dialogue cannot be believed; the empty text when it can.

    Every word of it must be one that a member said in these texts, or one that only joins. Numbers
    and names are words like any other.
    """
    known = {word for text in said for word in _words(text)} | _JOINING
    if not 2 <= len(turns) <= MOST_TURNS:  # noqa: PLR2004 - both sides speak
        return f"it has {len(turns)} turns"
    if {turn.side for turn in turns} != {"initiator", "responder"}:
        return "one side says nothing"
    for turn in turns:
        if not turn.content.strip() or len(turn.content) > LONGEST_TURN:
            return "a turn is empty or too long"
        unknown = sorted(set(_words(turn.content)) - known)
        if unknown:
            return f"nobody said “{unknown[0]}”"
    return ""


def _words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"\w+", text)]
