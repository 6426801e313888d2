"""The sentences that understanding learns from and is judged by.

Sentences stand as members type them, the parts in brackets: "hi! [need: a tutor], [offer: piano]".
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from app.domain.understanding.kinds import Asked, Meaning
from app.domain.understanding.reading import MIXED
from app.domain.understanding.spans import Span

FOLDER: Final = Path(__file__).parent / "data" / "understanding"
_PART: Final = re.compile(r"\[(need|offer|fact|neither): ([^\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+)\}")
_HAND_WEIGHT: Final = 6.0  # a sentence written whole counts as much as six filled frames
_JOINED_WEIGHT: Final = 0.5
_FILLINGS: Final = 12
_FITTING: Final[Mapping[str, tuple[Asked, ...]]] = {
    "need": (Asked.NEED, Asked.NEED_DETAIL),
    "offer": (Asked.OFFER, Asked.OFFER_DETAIL),
    "fact": (Asked.ABOUT,),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Hold one message, the question before it, and what each of its parts is."""

    asked: Asked
    text: str
    parts: tuple[tuple[Span, Meaning], ...]

    @property
    def held_out(self) -> bool:
        """Say to which half it belongs: the lowest bit of its SHA-256's first byte."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True, slots=True)
class Example:
    """Hold one text to learn from."""

    text: str
    asked: Asked
    label: str
    weight: float = 1.0


def labelled(name: str) -> list[Labelled]:
    """Read the messages of one file."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [_labelled(json.loads(line)) for line in lines]


def _labelled(raw: Mapping[str, Any]) -> Labelled:
    text, parts, begin = "", [], 0
    said = raw["said"]
    for found in _PART.finditer(said):
        text += said[begin : found.start()]
        parts.append((Span(len(text), len(text) + len(found[2])), Meaning(found[1])))
        text += found[2]
        begin = found.end()
    return Labelled(Asked(raw["asked"] or ""), text + said[begin:], tuple(parts))


def meaning_examples(seed: int = 7) -> list[Example]:
    """Give everything that understanding learns from: sentences, filled frames, both joined."""
    source = random.Random(seed)  # noqa: S311 - drawing sentences, no secrets
    frames = json.loads((FOLDER / "frames.json").read_text(encoding="utf-8"))
    tuning = [message for message in labelled("sentences.jsonl") if not message.held_out]
    messages = [*labelled("training.jsonl"), *tuning]
    whole = list(_whole(messages))
    filled = [*_filled(frames, source), *_answers(frames, source)]
    plain = [*whole, *filled]
    return [
        *plain,
        *_neighbours(messages),
        *_mixed(plain, source, len(plain) // 4),
        *_alike(plain, source, len(plain) // 4),
    ]


def _whole(messages: Sequence[Labelled]) -> Iterator[Example]:
    for message in messages:
        for span, meaning in message.parts:
            yield Example(span.of(message.text), message.asked, meaning.value, _HAND_WEIGHT)


def _neighbours(messages: Sequence[Labelled]) -> Iterator[Example]:
    """Give two parts that follow one another, as somebody joined them."""
    for message in messages:
        for (first, one), (second, other) in pairwise(message.parts):
            text = message.text[first.start : second.stop]
            label = one.value if one is other else MIXED
            yield Example(text, message.asked, label, _HAND_WEIGHT / 2)


def _filled(frames: Mapping[str, Any], source: random.Random) -> Iterator[Example]:
    for label, texts in frames["frames"].items():
        for frame in texts:
            for _ in range(_FILLINGS if "{" in frame else 3):
                text = _as_typed(_fill(frame, frames, source), source)
                yield Example(text, _question_before(label, source), label)
    for text in frames["neither"]:
        for asked in source.sample(list(Asked), 3):
            yield Example(text, asked, Meaning.NEITHER.value)


def _question_before(label: str, source: random.Random) -> Asked:
    """Draw a question: half of the messages answer none, of the others half answer the fitting one."""
    if source.random() < 0.5:  # noqa: PLR2004
        return Asked.NOTHING
    fitting = _FITTING.get(label)
    return source.choice(fitting if fitting and source.random() < 0.5 else tuple(Asked))  # noqa: PLR2004


def _answers(frames: Mapping[str, Any], source: random.Random) -> Iterator[Example]:
    """Give bare answers, which only the question before them makes a need, an offer or a fact."""
    for question, texts in frames["answers"].items():
        label = {"about": "fact", "rules": "fact"}.get(question, question)
        detail = {"need": Asked.NEED_DETAIL, "offer": Asked.OFFER_DETAIL}.get(question)
        for frame in texts:
            for number in range(2 * _FILLINGS):
                asked = detail if detail is not None and number % 4 == 0 else Asked(question)
                yield Example(_fill(frame, frames, source), asked, label)


def _fill(frame: str, frames: Mapping[str, Any], source: random.Random) -> str:
    lists = {
        "t": "topics", "t2": "topics", "p": "people", "p2": "people", "r": "roles", "r_a": "roles",
        "l": "places", "l2": "places", "g": "languages", "i": "industries", "v": "verbs",
    }  # fmt: skip

    def one(slot: re.Match[str]) -> str:
        if slot[1] == "n":
            return str(source.randint(2, 30))
        if slot[1] in {"y", "y2"}:
            return str(source.randint(1985, 2024))
        word: str = source.choice(frames[lists[slot[1]]])
        if slot[1] == "r_a":
            return f"an {word}" if word[0] in "aeiou" else f"a {word}"
        return word

    return _SLOT.sub(one, frame)


def _as_typed(text: str, source: random.Random) -> str:
    """Leave out apostrophes and letters here and there, as people do."""
    if source.random() < 0.3:  # noqa: PLR2004
        text = text.replace("'", "")
    if source.random() < 0.15 and len(text) > 12:  # noqa: PLR2004
        place = source.randrange(3, len(text) - 1)
        text = text[:place] + text[place + 1 :]
    return text


_JOINTS: Final = (" and ", ", ", " but ", " ", ", and ", " - ", " so ", ", in return ", " because ")


def _mixed(plain: Sequence[Example], source: random.Random, count: int) -> Iterator[Example]:
    """Join two statements of different kinds: what must be recognised as still to be divided."""
    made = 0
    while made < count:
        first, second = source.choice(plain), source.choice(plain)
        if first.label == second.label or Asked.NOTHING not in {first.asked, second.asked}:
            continue
        made += 1
        yield Example(_join(first, second, source), first.asked, MIXED, _JOINED_WEIGHT)


def _alike(plain: Sequence[Example], source: random.Random, count: int) -> Iterator[Example]:
    """Join two statements of one kind, which stay that kind."""
    made = 0
    while made < count:
        first, second = source.choice(plain), source.choice(plain)
        if first.label != second.label:
            continue
        made += 1
        yield Example(_join(first, second, source), first.asked, first.label, _JOINED_WEIGHT)


def _join(first: Example, second: Example, source: random.Random) -> str:
    return first.text.rstrip(".?! ") + source.choice(_JOINTS) + second.text


def vagueness_examples() -> list[Example]:
    """Give statements to match on and statements too vague for it."""
    lines = (FOLDER / "vagueness.jsonl").read_text(encoding="utf-8").splitlines()
    rows = (json.loads(line) for line in lines)
    return [
        Example(row["text"], Asked.NOTHING, "vague" if row["vague"] else "plain") for row in rows
    ]
