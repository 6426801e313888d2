"""Choose what strangers may read: statements without a name, a company or a contact.

There is no telling a company from any other word by its form, so this errs on the safe side: a
statement is left out when it holds a word that could be a name. What is known to be ordinary (the
shipped list) passes; a capital letter in the middle of a sentence, or a word that nobody knows,
does not. Facts are never public: "I work at ..." is one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal

Reason = Literal["contact", "own name", "possible name"]
# Addresses and numbers have a form of their own, and by that they are recognised.
_CONTACT: Final = re.compile(
    r"\S+@\S+|\S+\s?(?:\(at\)|\[at\])\s?\S+|(?:https?:|www\.)\S*|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?\b"
    r"|(?<!\w)@\w+|\+?\d(?:[\s()./-]{0,2}\d){6,}",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019&-]*")
_FEWEST_LETTERS: Final = 3  # an own name shorter than this is also a word of many languages
_SHORTENED: Final = re.compile(r"['\u2019](?:s|d|ve|ll|m|re|t)?$")
_OPENING: Final = re.compile(r"(?:^|[.!?:;]\s|\n)[\s\"'\u201c\u2018(•*-]*\Z")
# Made with these endings a word nobody listed is a word of the language all the same.
_MADE: Final = re.compile(
    r"(?:tion|sion|ment|ness|able|ible|ology|ological|ics|istry|ist|ity|i[sz]e[dr]?|i[sz]ing|ful|less"
    r"|ship|made|ization|isation)s?$"
)
_SHORTEST_MADE: Final = 8  # letters
_ENDINGS: Final = (
    "'s",
    "\u2019s",
    "s",
    "es",
    "ing",
    "ed",
    "er",
    "ers",
    "ly",
    "d",
    "n't",
    "n\u2019t",
)


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Hold the words that are no names: in any writing, and with a capital letter."""

    words: frozenset[str]
    capitalised: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Public:
    """Hold the statements that strangers may read, and how many each reason kept back."""

    needs: tuple[str, ...]
    offers: tuple[str, ...]
    withheld: dict[str, int]


@lru_cache(maxsize=1)
def ordinary() -> Ordinary:
    """Load the shipped list of ordinary words."""
    raw = json.loads(files(__package__).joinpath("ordinary_words.json").read_text(encoding="utf-8"))
    return Ordinary(
        frozenset(raw["words"].split()), frozenset(raw["capitalised"]), frozenset(raw["names"])
    )


def public(needs: Sequence[str], offers: Sequence[str], own_names: Iterable[str]) -> Public:
    """Keep the needs and offers that give nobody away; `own_names` are the member's."""
    own = {
        part.casefold()
        for name in own_names
        for part in _WORD.findall(name)
        if len(part) >= _FEWEST_LETTERS
    }
    withheld: Counter[str] = Counter()

    def kept(texts: Sequence[str]) -> tuple[str, ...]:
        reasons = [(text, why_not(text, own)) for text in texts]
        withheld.update(reason for _, reason in reasons if reason is not None)
        return tuple(text for text, reason in reasons if reason is None)

    return Public(kept(needs), kept(offers), dict(withheld))


def why_not(text: str, own: Collection[str]) -> Reason | None:
    """Say why a statement may not be public; None when it may. `own` is in lower case."""
    if _CONTACT.search(text):
        return "contact"
    words = _WORD.findall(text)
    if any(_plain(word) in own for word in words):
        return "own name"
    named = any(
        _could_be_name(found[0], opens=_OPENING.search(text, 0, found.start()) is not None)
        for found in _WORD.finditer(text)
    )
    return "possible name" if named else None


def _plain(word: str) -> str:
    return _SHORTENED.sub("", word.casefold())


def _could_be_name(word: str, *, opens: bool) -> bool:
    """Judge one word; one that opens a sentence may have a capital letter for that reason."""
    known = ordinary()
    if word in known.capitalised or len(word) == 1:
        return False
    parts = [part for part in re.split(r"[-&]", word) if part]
    if len(parts) > 1:
        return any(_could_be_name(part, opens=opens) for part in parts)
    plain = _plain(word)
    if plain in known.names or not _known(plain):
        return True
    bare = word[: len(plain)]
    return bare[1:] != bare[1:].lower() or (bare[0].isupper() and len(bare) > 1 and not opens)


def _known(word: str) -> bool:
    words = ordinary().words
    if len(word) == 1 or word in words or (len(word) >= _SHORTEST_MADE and _MADE.search(word)):
        return True
    stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    return any(
        stem in words or f"{stem}e" in words or f"{stem}y" in words
        for stem in stems
        if len(stem) >= _FEWEST_LETTERS
    )
