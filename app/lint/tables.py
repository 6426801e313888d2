"""Which database each name lives in: this project's dictionary, or a file of another one's."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from app.databases import dictionary
from app.databases.errors import StatementRefusedError
from app.databases.grammar import references
from app.databases.names import Database
from app.errors import ReciprocityError

# (kind of name, name) → the one database that has it
Owners = Mapping[tuple[str, str], Database]
# Where PostgreSQL's grammar cannot follow, because a part of the text is missing.
_NAMED: Final = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TRUNCATE(?:\s+TABLE)?|COPY|(?:CREATE|ALTER|DROP)\s+TABLE"
    r"(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+(?:ONLY\s+)?(?:\"?public\"?\.)?\"?(?P<name>\w+)",
    re.IGNORECASE,
)


class DictionaryFileError(ReciprocityError):
    """A file that should say which database each table lives in does not."""

    code = "dictionary_file"


def own() -> Owners:
    """Give this project's dictionary: tables, types, sequences, and pgvector's own operators."""
    owners = {("table", entry.name): entry.database for entry in dictionary.TABLES}
    owners |= {("type", name): owner for name, owner in dictionary.TYPES.items()}
    owners |= {("sequence", name): owner for name, owner in dictionary.SEQUENCES.items()}
    # The others, such as <->, are PostgreSQL's as well.
    return owners | {("operator", name): Database.AI for name in ("<=>", "<#>")}


def read(path: Path) -> Owners:
    """Read a TOML or JSON file of `table = "ai"` or `"backend"`, with or without a [tables] over it.

    Raises DictionaryFileError for anything else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        told: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise DictionaryFileError(
            f"{path} cannot be read as {'JSON' if path.suffix == '.json' else 'TOML'} ({error});"
            ' write one line for each table: users = "backend"'
        ) from None
    tables = told.get("tables", told) if isinstance(told, dict) else None
    if not isinstance(tables, dict) or not tables:
        raise DictionaryFileError(
            f'{path} names no table; write one line for each: users = "backend"'
        )
    owners: dict[tuple[str, str], Database] = {}
    for name, owner in tables.items():
        if owner not in {d.value for d in Database}:
            raise DictionaryFileError(
                f"{path}: the table {name} lives in {owner!r}; write ai or backend."
            )
        owners["table", name] = Database(owner)
    return owners


def strangers(text: str, databases: frozenset[Database], owners: Owners) -> Iterator[str]:
    """List what a statement names that does not live in every one of these databases."""
    for kind, name in dict.fromkeys(_names(text)):
        owner = owners.get((kind, name))
        if owner is not None and databases != {owner}:
            yield f"the {kind} {name} of the {owner} database"


def home(text: str, owners: Owners) -> frozenset[Database]:
    """Name the databases that hold something a statement names."""
    return frozenset(owners[name] for name in _names(text) if name in owners)


def _names(text: str) -> Iterator[tuple[str, str]]:
    try:
        found = references(text)
    except StatementRefusedError:
        for match in _NAMED.finditer(text):
            yield "table", match["name"].lower()
        return
    for reference in found:
        if reference.name is not None and reference.schema in {"", "public"}:
            yield reference.kind, reference.name
