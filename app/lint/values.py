"""What the scanner knows of a value: whose connection it may be, which texts, which items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from app.databases.names import Database
from app.lint.templates import Template

if TYPE_CHECKING:
    import ast

    from app.lint.source import Module

MOST_TEXTS: Final = 64  # variants of one text that are followed; further ones are let go
Style = Literal["percent", "colon"]


@dataclass(frozen=True, slots=True)
class Value:
    """Hold what may be known of a Python value without running it.

    `databases` are those whose connection or cursor it may be, `texts` the strings it may be,
    `items` what a tuple, list or dict holds. `passed` says that a caller gave it, `bare` that it is
    a parameter of which nothing is known, `style` how the placeholders of its texts are written,
    `name` the key it stands under in a dict, `instance` the class of the scanned code it is one of.
    """

    databases: frozenset[Database] = frozenset()
    texts: tuple[Template, ...] = ()
    items: tuple[Value, ...] | None = None
    passed: bool = False
    bare: bool = False
    style: Style = "percent"
    name: str = ""
    instance: tuple[Module, ast.ClassDef] | None = None

    def called(self, name: str) -> Value:
        """Give the same value under a key."""
        return replace(self, name=name)


UNKNOWN: Final = Value()


@dataclass(frozen=True, slots=True)
class Given:
    """Hold the arguments of one call."""

    places: tuple[Value, ...]
    names: tuple[tuple[str, Value], ...]

    def at(self, place: int, *names: str) -> Value:
        """Give the argument at a place or under one of these names."""
        if place < len(self.places):
            return self.places[place]
        return next((value for name, value in self.names if name in names), UNKNOWN)


def connection(*databases: Database) -> Value:
    """Make the value of a connection to one database, or to one of several."""
    return Value(databases=frozenset(databases))


def text(value: str) -> Value:
    """Make the value of a known text."""
    return Value(texts=(Template.of(value),))


def merged(values: Iterable[Value]) -> Value:
    """Join what a value may be when it is one of several."""
    several = list(dict.fromkeys(values))
    if len(several) == 1:
        return several[0]
    texts = dict.fromkeys(template for value in several for template in value.texts)
    items = [item for value in several for item in value.items or ()]
    return Value(
        databases=frozenset(one for value in several for one in value.databases),
        texts=tuple(texts)[:MOST_TEXTS],
        items=tuple(dict.fromkeys(items)) if items else None,
        passed=any(value.passed for value in several),
        bare=bool(several) and all(value.bare for value in several),
        instance=several[0].instance if len({value.instance for value in several}) == 1 else None,
        style="colon" if any(value.style == "colon" for value in several) else "percent",
    )


def joined(left: Value, right: Value) -> Value:
    """Put two texts together, each variant with each; an unknown one becomes a hole."""
    if left.items is not None and right.items is not None:
        return Value(items=left.items + right.items)
    if not left.texts and not right.texts:
        return UNKNOWN
    texts = [
        a + b for a in left.texts or (Template.hole(),) for b in right.texts or (Template.hole(),)
    ]
    return Value(
        texts=tuple(dict.fromkeys(texts))[:MOST_TEXTS],
        passed=left.passed or right.passed,
        style=left.style,
    )
