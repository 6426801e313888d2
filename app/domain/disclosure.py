"""What a member shows of themselves to whoever is introduced, and what only once both said yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from app.errors import InvalidInputError

When = Literal["introduced", "talking"]
WHENS: Final[tuple[When, ...]] = get_args(When)
PARTS: Final = ("last_name", "headline", "place", "picture", "about")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Say of each part when it is shown; `about` is the public version of needs and offers."""

    last_name: When = "introduced"
    headline: When = "introduced"
    place: When = "introduced"
    picture: When = "introduced"
    about: When = "introduced"

    def shows(self, part: str, *, talking: bool) -> bool:
        """Say whether a part is shown to somebody who is introduced, or talks with the member."""
        return talking or getattr(self, part) == "introduced"


def when(typed: str) -> When:
    """Read a choice; raise InvalidInputError when it is none."""
    for one in WHENS:
        if one == typed:
            return one
    raise InvalidInputError("Choose for each part when it is shown: introduced or talking.")
