"""Which database a name stands for: of a type, a method, a variable, an address or a folder."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import Final

from app.databases.names import Database
from app.lint.values import UNKNOWN, Value, connection

# What an adapter's methods give, whichever object they are called on.
DOORS: Final = {
    "get_connection": Database.AI,
    "get_ai_connection": Database.AI,
    "ai": Database.AI,
    "migrating_ai": Database.AI,
    "get_backend_connection": Database.BACKEND,
    "backend": Database.BACKEND,
    "migrating_backend": Database.BACKEND,
}
_TYPES: Final = {
    "AIConnection": (Database.AI,),
    "MigratingAIConnection": (Database.AI,),
    "BackendConnection": (Database.BACKEND,),
    "MigratingBackendConnection": (Database.BACKEND,),
    "DatabaseConnection": tuple(Database),
}
_THINGS: Final = frozenset(
    {
        "conn", "connection", "cursor", "cur", "curs", "db", "database", "pool", "session",
        "engine", "tx", "transaction", "c",
    }
)  # fmt: skip
_WORDS: Final = re.compile(r"[A-Za-z][a-z0-9]*|[A-Z]+(?![a-z])")
_TREES: Final = frozenset({"repositories", "migrations", "alembic", "queries"})


def of_annotation(annotation: ast.expr | None) -> Value:
    """Read a type; a union or a container of both connection types may be either."""
    if annotation is None:
        return UNKNOWN
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return UNKNOWN
    names = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(annotation)
        if isinstance(node, (ast.Name, ast.Attribute))
    }
    found = [database for name in names for database in _TYPES.get(name, ())]
    return connection(*found) if found else UNKNOWN


def words(name: str) -> list[str]:
    """Split a name into its lower-case words."""
    return [word.lower() for part in name.split("_") for word in _WORDS.findall(part)]


def of_name(name: str) -> Value:
    """Read a variable's name: `ai`, `backend_conn`, `cursor_ai`; unknown when it says neither."""
    said = words(name)
    databases = [database for database in Database if database.value in said]
    if len(databases) != 1:
        return UNKNOWN
    if len(said) == 1 or set(said) & _THINGS:
        return connection(databases[0])
    return UNKNOWN


def looks_like_connection(name: str) -> bool:
    """Say whether a variable is named like a connection or a cursor."""
    return bool(set(words(name)) & _THINGS)


def of_address(arguments: list[ast.expr]) -> Value:
    """Read which address a driver's connect is given."""
    said = " ".join(ast.unparse(argument) for argument in arguments).lower()
    if "backend" in said or "reciprocity_db" in said:
        return connection(Database.BACKEND)
    if "database_url" in said or "reciprocity_ai" in said or "ai" in words(said.replace(".", "_")):
        return connection(Database.AI)
    return UNKNOWN


def of_folder(path: Path) -> Value:
    """Read the folder: repositories/ai, migrations/backend and the like say whose their code is."""
    parts = path.parts
    for tree, name in itertools.pairwise(parts):
        if tree in _TREES and name in Database.__members__.values():
            return connection(Database(name))
    return UNKNOWN
