"""Of what members are told by e-mail, how soon, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from app.errors import InvalidInputError

Kind = Literal["introductions", "opened", "messages"]
Pace = Literal["at_once", "daily", "weekly", "never"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PACES: Final[tuple[Pace, ...]] = get_args(Pace)
DEFAULTS: Final[Mapping[Kind, Pace]] = {
    "introductions": "daily",
    "opened": "at_once",
    "messages": "at_once",
}
# A member is told once for a burst of messages, and not in the minute in which they read them.
SPANS: Final[Mapping[Pace, timedelta]] = {
    "at_once": timedelta(minutes=10),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}


def kind(typed: str) -> Kind:
    """Read a kind; raise InvalidInputError when it is none."""
    for one in KINDS:
        if one == typed:
            return one
    raise InvalidInputError("{typed!r} is nothing that letters are sent about.", typed=typed)


def pace(typed: str) -> Pace:
    """Read a pace; raise InvalidInputError when it is none."""
    for one in PACES:
        if one == typed:
            return one
    raise InvalidInputError("Choose at once, daily, weekly or never.")


def due(pace: Pace, told: datetime | None, at: datetime) -> bool:
    """Say whether it is time to tell somebody again."""
    return pace != "never" and (told is None or at - told >= SPANS[pace])


# One sentence for each kind: what is said of one, and of several.
NEWS: Final[Mapping[Kind, tuple[str, str]]] = {
    "opened": ("You and somebody else both said yes.", "{count} people and you both said yes."),
    "messages": ("You have a new message.", "You have {count} new messages."),
    "introductions": ("There is somebody new to meet.", "There are {count} new people to meet."),
}


def sentences(counts: Mapping[Kind, int], say: Callable[[str], str] = str) -> list[str]:
    """Say what is new, one sentence for each kind that has something; `say` translates."""
    said = []
    for one, (singular, plural) in NEWS.items():
        number = counts.get(one, 0)
        if number:
            said.append(say(singular if number == 1 else plural).format(count=number))
    return said
