"""Find where sentences end and where a sentence could be divided; what the parts mean is no matter here.

The few words below are places where English and most writing allows a cut. Whether one is made is
decided by the meaning of what would stand on both sides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# A full stop after one of these ends no sentence.
_ABBREVIATIONS: Final = frozenset(
    [
        "e.g",
        "i.e",
        "etc",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "st",
        "no",
        "nr",
        "approx",
        "ca",
        "vs",
        "inc",
        "ltd",
        "co",
        "dept",
        "est",
        "fig",
        "jr",
        "sr",
    ]
)
_END: Final = re.compile(
    r"[.!?…]+[\"')\]]*(?=\s|$)|[;•·▪◦●]|(?<!\d)\s[-\u2013—*]\s(?=\S)|[\r\n\v\f\u2028\u2029]+"
)
_CUT: Final = re.compile(
    r",\s+|(?<!\d)\s[-\u2013—/]\s|\s+(?=(?:"
    r"and|but|or|so|also|plus|while|though|because|then|in return|if"
    r"|i|i'm|im|i\u2019m|i've|ive|i\u2019ve|we|we're"
    r"|can|could|would|want|need|looking|searching|happy|offering)\b)",
    re.IGNORECASE,
)
_EDGE: Final = " \t\u00a0,;:-\u2013—*•·▪◦●/|>#.…\ufeff"
_JOINT: Final = re.compile(r"(?:(?:and|but|or|also|plus|so|then)\b[\s,]*)+(?=\S)", re.IGNORECASE)
LONGEST: Final = 1_000  # characters of one part; a longer run of text is cut between words


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Hold a part of a message by the places of its first character and of the one after its last."""

    start: int
    stop: int

    def of(self, text: str) -> str:
        """Give the words themselves."""
        return text[self.start : self.stop]

    def shared(self, other: Span) -> int:
        """Count the characters that two parts have in common."""
        return max(0, min(self.stop, other.stop) - max(self.start, other.start))


def sentences(text: str) -> list[Span]:
    """Divide a text at the ends of sentences and lines; parts without a letter or digit are left out."""
    found, start = [], 0
    for end in _END.finditer(text):
        if end[0].startswith(".") and _abbreviated(text, start, end.start()):
            continue
        found.extend(_pieces(text, Span(start, end.end())))
        start = end.end()
    found.extend(_pieces(text, Span(start, len(text))))
    return found


def _abbreviated(text: str, start: int, end: int) -> bool:
    words = text[start:end].split()
    last = words[-1].lower().lstrip("(\"'") if words else ""
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and len(words) > 1)


def _pieces(text: str, span: Span) -> list[Span]:
    pieces = []
    while span.stop - span.start > LONGEST:
        gap = text.rfind(" ", span.start + 1, span.start + LONGEST)
        cut = gap if gap > 0 else span.start + LONGEST
        pieces.append(Span(span.start, cut))
        span = Span(cut, span.stop)
    pieces.append(span)
    kept = (trimmed(text, piece) for piece in pieces)
    return [piece for piece in kept if any(letter.isalnum() for letter in piece.of(text))]


def cuts(text: str, span: Span) -> list[int]:
    """List the places inside a sentence where one statement could end and another begin."""
    places = (found.end() for found in _CUT.finditer(text, span.start, span.stop))
    return [place for place in places if span.start < place < span.stop]


def trimmed(text: str, span: Span) -> Span:
    """Leave out blanks and bullets around a part, never a word of it."""
    start, stop = span.start, span.stop
    while start < stop and (text[start] in _EDGE or text[start].isspace()):
        start += 1
    while stop > start and (text[stop - 1] in _EDGE or text[stop - 1].isspace()):
        stop -= 1
    return Span(start, stop)


def bare(text: str, span: Span) -> Span:
    """Leave out the joint ("and", "but") as well, with which a part hangs on the one before it."""
    span = trimmed(text, span)
    joint = _JOINT.match(text, span.start, span.stop)
    return trimmed(text, Span(joint.end(), span.stop)) if joint else span
