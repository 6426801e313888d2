"""What well-known functions and methods make of texts and connections."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from app.lint import naming, values
from app.lint.templates import Template
from app.lint.values import UNKNOWN, Given, Value

# They give back what they are given, or a text that differs from it in white space only.
_THROUGH: Final = frozenset(
    {
        "closing", "iter", "next", "list", "tuple", "set", "frozenset", "sorted", "reversed", "str",
        "dedent", "cleandoc", "enter_context", "enter_async_context", "Composed", "SQL", "aclosing",
        "strip", "lstrip", "rstrip", "as_string", "as_bytes", "encode", "decode", "copy",
    }
)  # fmt: skip


def _text(_node: ast.Call, given: Given) -> Value | None:
    value = given.at(0)
    return replace(value, style="colon") if value.texts else None


def _identifier(_node: ast.Call, given: Given) -> Value:
    if not given.places or not all(value.texts for value in given.places):
        return Value(texts=(Template.hole("identifier"),))
    made = values.text("")
    for place, value in enumerate(given.places):
        made = values.joined(made, values.text('."' if place else '"'))
        made = values.joined(values.joined(made, value), values.text('"'))
    return made


def _literal(_node: ast.Call, _given: Given) -> Value:
    return Value(texts=(Template.hole("literal"),))


def _placeholder(_node: ast.Call, _given: Given) -> Value:
    return Value(texts=(Template.hole("placeholder"),))


def _cast(node: ast.Call, given: Given) -> Value | None:
    said = naming.of_annotation(node.args[0]) if node.args else UNKNOWN
    return said if said.databases else given.at(1)


def _enumerate(_node: ast.Call, given: Given) -> Value | None:
    items = given.at(0).items
    return Value(items=tuple(Value(items=(UNKNOWN, item)) for item in items)) if items else None


_FUNCTIONS: Final[dict[str, Callable[[ast.Call, Given], Value | None]]] = {
    "text": _text,  # SQLAlchemy's
    "TextClause": _text,
    "Identifier": _identifier,  # and these three are psycopg.sql's
    "Literal": _literal,
    "Placeholder": _placeholder,
    "cast": _cast,
    "enumerate": _enumerate,
}


def of_function(name: str, node: ast.Call, given: Given, receiver: Value) -> Value | None:
    """Evaluate a function, or a constructor, by its name; None when nothing is known of it."""
    known = _FUNCTIONS.get(name)
    if known is not None:
        return known(node, given)
    if name in _THROUGH and given.places and not receiver.texts:
        return given.places[0]
    return None


def of_method(name: str, receiver: Value, given: Given) -> Value | None:
    """Evaluate a method of a text or a collection; None when the receiver is neither."""
    if receiver.items is not None and name in {"items", "values"}:
        if name == "values":
            return receiver
        return Value(items=tuple(Value(items=(UNKNOWN, item)) for item in receiver.items))
    if not receiver.texts:
        return None
    match name:
        case "format":
            return _format(receiver, given)
        case "join":
            return _join(receiver, given.at(0))
        case _:
            return receiver if name in _THROUGH else Value(texts=(Template.hole(),))


def _format(receiver: Value, given: Given) -> Value:
    known = {str(place): value for place, value in enumerate(given.places)} | dict(given.names)
    filled = {key: value.texts[0] for key, value in known.items() if value.texts}
    texts = tuple(template.formatted(filled) for template in receiver.texts)
    return replace(receiver, texts=texts)


def _join(separator: Value, several: Value) -> Value:
    if several.items is None or not all(item.texts for item in several.items):
        return Value(texts=(Template.hole(),))
    made = values.text("")
    for place, item in enumerate(several.items):
        made = values.joined(made, separator) if place else made
        made = values.joined(made, item)
    return made
