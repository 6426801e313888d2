"""Texts put together from known parts and holes, and placeholders as psycopg turns them into $n."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

HoleKind = Literal["identifier", "literal", "placeholder", "unknown"]
_STAND_INS: Final = {"identifier": '"unknown"', "literal": "1", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Hole:
    """Stand for a part of a text that is only known when it runs."""

    kind: HoleKind = "unknown"


Part = str | Hole
_PERCENT: Final = re.compile(r"%(?:(?P<escaped>%)|(?:\((?P<name>[^)]+)\))?[sbt])")
_COLON: Final = re.compile(r"(?P<escaped>\\:)|(?<![:\w]):(?P<name>[A-Za-z_]\w*)")
_FORMAT: Final = re.compile(r"%(?:%|(?:\([^)]+\))?[-#0 +]*[\d.]*[sdirfxg])")


@dataclass(frozen=True, slots=True)
class Template:
    """Hold a text as its parts in order."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """Make a template of a text without holes."""
        return cls((text,))

    @classmethod
    def hole(cls, kind: HoleKind = "unknown") -> Template:
        """Make a template that is one hole."""
        return cls((Hole(kind),))

    def __add__(self, other: Template) -> Template:
        """Put two texts one after the other."""
        return Template(self.parts + other.parts)

    @property
    def dynamic(self) -> bool:
        """Say whether a part is only known when it runs."""
        return any(isinstance(part, Hole) and part.kind != "placeholder" for part in self.parts)

    @property
    def text(self) -> str:
        """Give the text with a stand-in for each hole."""
        return "".join(
            part if isinstance(part, str) else _STAND_INS.get(part.kind, "%s")
            for part in self.parts
        )

    def pattern(self) -> str:
        """Give a regular expression for every text that this one can become."""
        return "".join(
            re.escape(part) if isinstance(part, str) else r"[\s\S]*" for part in self.parts
        )

    def formatted(self, values: dict[str, Template]) -> Template:
        """Fill {} and {name} as str.format and psycopg's sql.SQL do; unknown ones become holes."""
        made: list[Part] = []
        for part in self.parts:
            made.extend(_formatted(part, values) if isinstance(part, str) else (part,))
        return Template(tuple(made))

    def interpolated(self) -> Template:
        """Replace each %s of Python's own % operator by a hole."""
        made: list[Part] = []
        for part in self.parts:
            if isinstance(part, Hole):
                made.append(part)
                continue
            end = 0
            for found in _FORMAT.finditer(part):
                made.append(part[end : found.start()])
                made.append("%" if found.group() == "%%" else Hole())
                end = found.end()
            made.append(part[end:])
        return Template(tuple(made))

    def sent(self, style: Literal["none", "percent", "colon"]) -> Template:
        """Turn placeholders into $n: `percent` is the driver's style, `colon` SQLAlchemy's."""
        if style == "none":
            return self
        expression = _PERCENT if style == "percent" else _COLON
        numbers = _Numbers()
        return Template(
            tuple(
                expression.sub(numbers.replace, part)
                if isinstance(part, str)
                else (numbers.next() if part.kind == "placeholder" else part)
                for part in self.parts
            )
        )


class _Numbers:
    """Number placeholders: each nameless one anew, each name once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"${self._count}"

    def replace(self, found: re.Match[str]) -> str:
        if found["escaped"]:
            return found["escaped"][-1]
        name = found["name"]
        if name is None:
            return self.next()
        if name not in self._names:
            self._names[name] = self.next()
        return self._names[name]


_FIELD: Final = re.compile(r"\{\{|\}\}|\{(?P<name>\w*)(?:[.\[!:][^{}]*)?\}")


def _formatted(text: str, values: dict[str, Template]) -> Iterator[Part]:
    end = place = 0
    for found in _FIELD.finditer(text):
        yield text[end : found.start()]
        end = found.end()
        if found.group() in {"{{", "}}"}:
            yield found.group()[0]
            continue
        name = found["name"]
        if not name:
            name = str(place)
            place += 1
        yield from values.get(name, Template.hole()).parts
    yield text[end:]
