"""What a row of an import file must hold, and what is wrong with one that cannot be taken."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_STATEMENTS: Final = 20  # of each kind, for one member
LONGEST_STATEMENT: Final = 4_000  # characters
LONGEST_FIELD: Final = 200  # characters of a name, a place, a field
DEEPEST_FIELD: Final = 50  # levels of lists and objects in a further field
LONGEST_EMAIL: Final = 254  # characters, RFC 5321
_EMAIL: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_KNOWN: Final = frozenset(
    {
        "email",
        "first_name",
        "last_name",
        "needs",
        "offers",
        "minor_needs",
        "minor_offers",
        "headline",
        "place",
        "languages",
        "fields",
    }
)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Hold one member as an import file describes them; `further` keeps every other field.

    `minor_needs` and `minor_offers` name those of their texts that are minor. None says nothing:
    who is known already keeps what they chose.
    """

    email: str
    first_name: str
    last_name: str
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    headline: str
    place: str
    languages: tuple[str, ...]
    fields: tuple[str, ...]
    further: Mapping[str, Any]
    minor_needs: tuple[str, ...] | None = None
    minor_offers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """Say which line was not taken, and why."""

    line: int
    reason: str


def member_row(raw: object) -> MemberRow:
    """Check one row; raise ValueError saying what is wrong with it."""
    if not isinstance(raw, Mapping):
        raise ValueError("it is not an object with fields")  # noqa: TRY004 - every fault of a row is one
    _refuse_broken(raw)
    email = _text(raw, "email", LONGEST_EMAIL)
    if not email:
        raise ValueError("it has no e-mail address (field email)")
    if not _EMAIL.fullmatch(email):
        raise ValueError(f"{email!r} is no e-mail address")
    needs, offers = _texts(raw, "needs"), _texts(raw, "offers")
    if not needs and not offers:
        raise ValueError("it has neither needs nor offers")
    return MemberRow(
        email=email,
        first_name=_text(raw, "first_name", LONGEST_FIELD),
        last_name=_text(raw, "last_name", LONGEST_FIELD),
        needs=needs,
        offers=offers,
        headline=_text(raw, "headline", LONGEST_STATEMENT),
        place=_text(raw, "place", LONGEST_FIELD),
        languages=_texts(raw, "languages"),
        fields=_texts(raw, "fields"),
        further={str(key): value for key, value in raw.items() if key not in _KNOWN},
        minor_needs=_among(raw, "needs", needs),
        minor_offers=_among(raw, "offers", offers),
    )


def _among(raw: Mapping[Any, Any], name: str, said: tuple[str, ...]) -> tuple[str, ...] | None:
    """Read which of the texts are minor; None where the row does not say."""
    if raw.get(f"minor_{name}") in (None, ""):  # a cell of a table that is left empty
        return None
    minor = _texts(raw, f"minor_{name}")
    for text in minor:
        if text not in said:
            raise ValueError(f"minor_{name} holds a text that is not among {name}: {text[:60]!r}")
    return minor


def _refuse_broken(value: object) -> None:
    """Refuse what no database takes, wherever it stands in the row."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST_FIELD:
            raise ValueError(f"it is nested more than {DEEPEST_FIELD} levels deep")
        if isinstance(one, str):
            if any(c == "\0" or 0xD800 <= ord(c) <= 0xDFFF for c in one):  # noqa: PLR2004
                raise ValueError(
                    "it holds a character that no text may hold (NUL or half a surrogate pair)"
                )
        elif isinstance(one, float):
            if not math.isfinite(one):
                raise ValueError("it holds a number that JSON does not know (NaN or infinite)")
        elif isinstance(one, Mapping):
            waiting += [(part, depth + 1) for part in (*one.keys(), *one.values())]
        elif isinstance(one, (list, tuple)):
            waiting += [(part, depth + 1) for part in one]


def _is_visible(text: str) -> bool:
    """Tell a text from one of blanks and invisible characters only, which no model understands."""
    return any(unicodedata.category(letter)[0] not in "CZ" for letter in text)


def _text(raw: Mapping[Any, Any], name: str, longest: int) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a text")  # noqa: TRY004
    value = value.strip()
    if len(value) > longest:
        raise ValueError(f"{name} is longer than {longest} characters")
    return value


def _texts(raw: Mapping[Any, Any], name: str) -> tuple[str, ...]:
    value = raw.get(name)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = _split(value, name)
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is not a list of texts")
    said = tuple(dict.fromkeys(item.strip() for item in value if _is_visible(item)))
    if len(said) > MOST_STATEMENTS:
        raise ValueError(f"{name} holds more than {MOST_STATEMENTS} texts")
    if any(len(item) > LONGEST_STATEMENT for item in said):
        raise ValueError(f"a text of {name} is longer than {LONGEST_STATEMENT} characters")
    return said


def _split(cell: str, name: str) -> Any:
    """Read a CSV cell of several texts: a JSON list, or one text a line, or texts between bars."""
    if cell.lstrip().startswith("["):
        try:
            return json.loads(cell)
        except ValueError:
            raise ValueError(f"{name} begins like a JSON list and is none") from None
    return re.split(r"\n|\s\|\s", cell)
