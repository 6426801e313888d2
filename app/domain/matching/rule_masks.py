"""Members' rules for many pairs at once: the same answer as `rules.between`, by bits.

Only what some rule names gets a bit, so a community in which few set rules stays cheap to ask.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.rules import NONE, Keys, Person, Rules
from app.domain.matching.vectors import Indices

Bits = NDArray[np.uint64]

_WORD: Final = 64
# What a rule asks for, what it is compared with, whether it must meet (or must not), its name.
_KINDS: Final[tuple[tuple[Callable[[Rules], Keys], Callable[[Person], Keys], bool, str], ...]] = (
    (lambda r: r.fields_unwanted, lambda p: p.fields, False, "field not wanted"),
    (lambda r: r.places, lambda p: p.places, True, "another place"),
    (lambda r: r.languages, lambda p: p.languages, True, "no common language"),
    (lambda r: r.fields_wanted, lambda p: p.fields, True, "another field"),
)
_PERSON: Final = "person not wanted"


@dataclass(frozen=True, slots=True)
class _Mask:
    """Hold one kind of rule: `asked` and `said` are (members, words) of the same bits."""

    asked: Bits
    said: Bits
    must_meet: bool
    name: str

    def refuses(self, ruler: Indices, other: Indices) -> NDArray[np.bool_]:
        asked = self.asked[ruler]
        meets: NDArray[np.bool_] = ((asked & self.said[other]) != 0).any(axis=1)
        if not self.must_meet:
            return meets
        asks: NDArray[np.bool_] = (asked != 0).any(axis=1)
        return asks & ~meets


@dataclass(slots=True)
class RuleMasks:
    """Say of pairs of member indices whether a rule of either side keeps them apart.

    `refused` counts, by rule, the pairs that were asked about and kept apart.
    """

    asks: NDArray[np.bool_]
    masks: Sequence[_Mask]
    never: NDArray[np.int64]
    refused: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, people: Sequence[Person], rules: Sequence[Rules]) -> RuleMasks:
        """Read the rules of members 0 … n - 1, and what each of them says of themselves."""
        if len(people) != len(rules):
            raise ValueError("every member has a profile and rules, be they empty")
        asks = np.array([one.asks for one in rules], np.bool_)
        masks = [
            mask
            for asked, said, must_meet, name in _KINDS
            if (mask := _mask(rules, people, asked, said, must_meet=must_meet, name=name))
        ]
        return cls(asks, masks, _unwanted_people(people, rules))

    def barred(self, a: Indices, b: Indices) -> NDArray[np.bool_]:
        """Say of each pair (a[k], b[k]) whether they are kept apart; people unwanted are `never`."""
        barred = np.zeros(len(a), np.bool_)
        concerned = np.flatnonzero(self.asks[a] | self.asks[b])
        if len(concerned) == 0:
            return barred
        one, other = a[concerned], b[concerned]
        apart = np.zeros(len(concerned), np.bool_)
        for mask in self.masks:
            refuses = (mask.refuses(one, other) | mask.refuses(other, one)) & ~apart
            self.refused[mask.name] += int(refuses.sum())
            apart |= refuses
        barred[concerned] = apart
        return barred


def _mask(
    rules: Sequence[Rules],
    people: Sequence[Person],
    asked: Callable[[Rules], Keys],
    said: Callable[[Person], Keys],
    *,
    must_meet: bool,
    name: str,
) -> _Mask | None:
    named = sorted(frozenset().union(*(asked(one) for one in rules if one is not NONE)))
    if not named:
        return None
    bit = {key: at for at, key in enumerate(named)}
    return _Mask(
        _bits((asked(one) for one in rules), len(rules), bit),
        _bits((said(one) for one in people), len(people), bit),
        must_meet,
        name,
    )


def _bits(keys: Iterable[Keys], members: int, bit: dict[str, int]) -> Bits:
    bits = np.zeros((members, -(-len(bit) // _WORD)), np.uint64)
    for member, own in enumerate(keys):
        for key in own:
            at = bit.get(key)
            if at is not None:
                bits[member, at // _WORD] |= np.uint64(1 << (at % _WORD))
    return bits


def _unwanted_people(people: Sequence[Person], rules: Sequence[Rules]) -> NDArray[np.int64]:
    """Give the pairs (k, 2) of whom one does not want to meet the other, by name or address."""
    known: dict[str, list[int]] = defaultdict(list)
    wanted = frozenset().union(*(one.people_unwanted for one in rules))
    if wanted:
        for member, person in enumerate(people):
            for key in person.known_as & wanted:
                known[key].append(member)
    pairs = {
        (min(member, other), max(member, other))
        for member, one in enumerate(rules)
        for key in one.people_unwanted
        for other in known[key]
        if other != member
    }
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
