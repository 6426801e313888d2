"""Whom a member wants to be introduced to: places, languages, fields, and people never to meet.

A rule looks at what the other has said in their profile, whatever its case and accents, as whole
words. Who says nothing about what a rule asks for does not satisfy it. Rules hold from both sides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Keys = frozenset[str]

BUDGET: Final = 10  # new introductions at most in one round, where a member has chosen nothing
LARGEST_BUDGET: Final = 50
_MOST_WORDS: Final = 12  # of one entry; its runs grow with the square
_ASCII_GAPS: Final = re.compile(r"[^a-z0-9+#]+")
_PARTS: Final = re.compile(r"[,;/|()\[\]]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Hold what rules look at in somebody, in the form in which they compare it."""

    places: Keys = frozenset()
    languages: Keys = frozenset()
    fields: Keys = frozenset()
    known_as: Keys = frozenset()

    @classmethod
    def saying(
        cls,
        *,
        place: str = "",
        languages: Iterable[str] = (),
        fields: Iterable[str] = (),
        name: str = "",
        email: str = "",
    ) -> Person:
        """Read somebody's profile as they wrote it."""
        return cls(
            _places(place),
            frozenset().union(*(_runs(plain(one).split()) for one in languages)),
            frozenset().union(*(_runs(plain(one).split()) for one in fields)),
            frozenset(key for key in (plain(name), address(email)) if key),
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold one member's rules, as compared; an empty set asks for nothing.

    `budget` is how many new introductions at most they take in one round.
    """

    places: Keys = frozenset()
    languages: Keys = frozenset()
    fields_wanted: Keys = frozenset()
    fields_unwanted: Keys = frozenset()
    people_unwanted: Keys = frozenset()
    budget: int = BUDGET

    @classmethod
    def typed(
        cls,
        *,
        places: Iterable[str] = (),
        languages: Iterable[str] = (),
        fields_wanted: Iterable[str] = (),
        fields_unwanted: Iterable[str] = (),
        people_unwanted: Iterable[str] = (),
        budget: int = BUDGET,
    ) -> Rules:
        """Read rules as a member typed them; people are named by e-mail address or full name."""
        return cls(
            _keys(places),
            _keys(languages),
            _keys(fields_wanted),
            _keys(fields_unwanted),
            frozenset(address(one) if "@" in one else plain(one) for one in people_unwanted)
            - frozenset({""}),
            budget,
        )

    @property
    def asks(self) -> bool:
        """Say whether any rule is set; the budget is none."""
        sets = (self.places, self.languages, self.fields_wanted)
        return any((*sets, self.fields_unwanted, self.people_unwanted))


NONE: Final = Rules()


def allows(rules: Rules, profile: Person) -> str | None:
    """Name the rule that removes somebody, or None: people, field not wanted, place, language, field."""
    if not rules.people_unwanted.isdisjoint(profile.known_as):
        return "person not wanted"
    if not rules.fields_unwanted.isdisjoint(profile.fields):
        return "field not wanted"
    if rules.places and rules.places.isdisjoint(profile.places):
        return "another place"
    if rules.languages and rules.languages.isdisjoint(profile.languages):
        return "no common language"
    if rules.fields_wanted and rules.fields_wanted.isdisjoint(profile.fields):
        return "another field"
    return None


def between(mine: Rules, me: Person, theirs: Rules, them: Person) -> str | None:
    """Name the rule, of either side, that keeps two apart; None when they may be introduced."""
    return allows(mine, them) or allows(theirs, me)


def plain(text: str) -> str:
    """Give a text as it is compared: small letters without accents, words with one blank between."""
    if text.isascii():  # the same, without looking at each letter
        return _ASCII_GAPS.sub(" ", text.lower()).strip()
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    kept = "".join(letter if letter.isalnum() or letter in "+#" else " " for letter in bare)
    return " ".join(kept.split())


def address(email: str) -> str:
    """Give an e-mail address as it is compared."""
    return email.strip().casefold()


def _keys(typed: Iterable[str]) -> Keys:
    return frozenset(plain(one) for one in typed) - frozenset({""})


def _runs(words: list[str]) -> Keys:
    """Give every run of neighbours: "technical recruiting" is also "recruiting"."""
    words = words[:_MOST_WORDS]
    ends = range(1, len(words) + 1)
    return frozenset(" ".join(words[start:end]) for end in ends for start in range(end))


def _places(place: str) -> Keys:
    """Give a place and its parts: "Lisbon, Portugal" is also "Portugal", "New York" is no "York"."""
    return _runs([part for part in (plain(one) for one in _PARTS.split(place)) if part])
