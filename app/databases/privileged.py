"""The few statements about rights and whole databases that no ordinary connection may send.

Roles, grants and settings of a database reach further than tables. They pass on a connection that
was opened for exactly these texts, letter for letter, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from app.databases.connections import DatabaseConnection
from app.databases.guard import Guard
from app.databases.names import Database

Kind = TypeVar("Kind", bound=DatabaseConnection)


class DeclaredGuard(Guard):
    """Pass the statements it was made with, and judge every other one as ever."""

    def __init__(self, database: Database, statements: Iterable[str]) -> None:
        super().__init__(database)
        self._declared_texts = frozenset(statement.encode() for statement in statements)

    def check(self, text: bytes) -> None:
        """Pass a declared statement; raise WrongDatabaseError where the ordinary guard would."""
        if text not in self._declared_texts:
            super().check(text)


def kind_for(base: type[Kind], statements: Iterable[str]) -> type[Kind]:
    """Make a kind of connection to the same database that also takes these statements."""
    guard = DeclaredGuard(base.database, statements)
    return type(f"Privileged{base.__name__}", (base,), {"guard": guard})


def identifier(name: str) -> str:
    """Write a name as SQL takes it, whatever letters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text as an SQL literal; raise ValueError for what only an escape string could hold."""
    if "\\" in text or "\0" in text:
        raise ValueError("a backslash or a zero byte cannot stand in this literal")
    return "'" + text.replace("'", "''") + "'"
