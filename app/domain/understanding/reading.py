"""Read a message: divide it into statements and say of each what it is.

A sentence is divided where that makes its parts plainer than the whole: every way to cut it at the
places that allow a cut is weighed by the probability of the parts, and the best one is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

from app.domain.understanding.head import Floats, Head, States, loaded
from app.domain.understanding.kinds import Asked, Meaning
from app.domain.understanding.spans import Span, bare, cuts, sentences

MIXED: Final = "mixed"  # the label of a sentence that is of two kinds and must be divided
LABELS: Final = (*(meaning.value for meaning in Meaning), MIXED)
_MEANINGS: Final = tuple(Meaning)
_LONGEST_RUN: Final = 5  # pieces between cuts that one statement may join
_FEWEST_WORDS: Final = 2
CUT_COST: Final = 0.05  # what one cut must gain in log-probability, chosen on the tuning half
_MORE_OFTEN: Final = 12.0  # chosen on the tuning half and on bare answers of our own
_EXPECTED: Final = {
    Asked.NEED: Meaning.NEED,
    Asked.NEED_DETAIL: Meaning.NEED,
    Asked.OFFER: Meaning.OFFER,
    Asked.OFFER_DETAIL: Meaning.OFFER,
    Asked.ABOUT: Meaning.FACT,
}
_WORDS_WORTH_CUTTING: Final = 4


@dataclass(frozen=True, slots=True)
class Understood:
    """Hold one part of a message: where it stands, what it is, and how sure that is (0 to 1)."""

    span: Span
    meaning: Meaning
    confidence: float


@lru_cache(maxsize=1)
def meaning_head() -> Head:
    """Load the shipped network that tells needs, offers, facts and what is neither apart."""
    return loaded(files(__package__).joinpath("meaning.json").read_text(encoding="utf-8"))


def read(text: str, asked: Asked, model: States, head: Head | None = None) -> list[Understood]:
    """Divide a message into its parts, each with what it is, in their order."""
    head = head or meaning_head()
    found = [(span, _pieces(text, span)) for span in sentences(text)]
    runs = [_runs(len(pieces)) for _, pieces in found]
    texts: list[str] = []
    priors: list[Asked] = []
    for (_, pieces), places in zip(found, runs, strict=True):
        for first, last in places:
            texts.append(_joined(text, pieces, first, last).of(text))
            # What was asked says little about the second half of a sentence.
            priors.append(asked if first == 0 else Asked.NOTHING)
    shares = _expected(head.judge(model, texts, priors), priors)
    understood, begin = [], 0
    for (_, pieces), places in zip(found, runs, strict=True):
        rows = shares[begin : begin + len(places)]
        begin += len(places)
        understood.extend(_best(text, pieces, places, rows))
    return understood


def _expected(shares: Floats, asked: Sequence[Asked]) -> Floats:
    """Weigh the kind that was asked for: answers are of it more often than the examples were.

    A plain sentence is hundreds of times more probably one kind than another and stays what it is.
    """
    weighed = shares.copy()
    for row, question in enumerate(asked):
        if question in _EXPECTED:
            weighed[row, _MEANINGS.index(_EXPECTED[question])] *= _MORE_OFTEN
    total: Floats = weighed / weighed.sum(axis=1, keepdims=True)
    return total


def _pieces(text: str, sentence: Span) -> list[Span]:
    """Cut a sentence wherever it may be cut; too short a piece stays with its neighbour."""
    if len(sentence.of(text).split()) < _WORDS_WORTH_CUTTING:
        return [sentence]
    edges = [sentence.start]
    for place in cuts(text, sentence):
        if len(text[edges[-1] : place].split()) >= _FEWEST_WORDS:
            edges.append(place)
    if len(edges) > 1 and len(text[edges[-1] : sentence.stop].split()) < _FEWEST_WORDS:
        edges.pop()
    stops = [*edges[1:], sentence.stop]
    return [Span(start, stop) for start, stop in zip(edges, stops, strict=True)]


def _runs(pieces: int) -> list[tuple[int, int]]:
    """List every run of neighbouring pieces that may be one statement; the whole is always one."""
    runs = [
        (first, last)
        for first in range(pieces)
        for last in range(first, min(pieces, first + _LONGEST_RUN))
    ]
    return runs if (0, pieces - 1) in runs else [*runs, (0, pieces - 1)]


def _joined(text: str, pieces: Sequence[Span], first: int, last: int) -> Span:
    whole = Span(pieces[first].start, pieces[last].stop)
    stripped = bare(text, whole)
    return stripped if stripped.start < stripped.stop else whole


def _best(
    text: str, pieces: Sequence[Span], places: Sequence[tuple[int, int]], shares: Floats
) -> list[Understood]:
    """Choose the division whose parts are together the most probable (dynamic programming)."""
    count = len(pieces)
    plain = shares[:, : len(_MEANINGS)]
    value = np.log(np.maximum(plain.max(axis=1), 1e-9))
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    taken = [-1] * (count + 1)
    for row, (first, last) in sorted(enumerate(places), key=lambda item: item[1][1]):
        total = best[first] + value[row] - (CUT_COST if first else 0.0)
        if total > best[last + 1]:
            best[last + 1], taken[last + 1] = total, row
    chosen: list[int] = []
    end = count
    while end > 0:
        chosen.append(taken[end])
        end = places[taken[end]][0]
    return [
        Understood(
            _joined(text, pieces, *places[row]),
            _MEANINGS[int(plain[row].argmax())],
            float(plain[row].max()),
        )
        for row in reversed(chosen)
    ]
