"""What may be written of the tables that another backend owns, where there is one.

Roles refuse the same in a production; here it is refused on every connection, in words that say what
the contract leaves to this platform.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import postgast

from app.databases import dictionary
from app.databases.grammar import references
from app.databases.syntax import unwrap
from app.errors import ReciprocityError

if TYPE_CHECKING:
    from app.databases.connections import BackendConnection

_SHARED: Final = frozenset(entry.name for entry in dictionary.TABLES if entry.owner == "shared")
# The kind of statement by which a shared table may be written to, and the columns of an update.
_LEFT_TO_US: Final = {
    entry.name: (f"{entry.left_to_us[0].title()}Stmt", *entry.left_to_us[1:])
    for entry in dictionary.TABLES
    if entry.left_to_us
}


class ElsewhereError(ReciprocityError):
    """What was asked for is kept by the backend that this platform stands beside."""

    code = "accounts_elsewhere"
    status = HTTPStatus.FORBIDDEN


def must_be_ours(backend: BackendConnection, what: str) -> None:
    """Raise ElsewhereError where another backend does `what` ("Members are imported")."""
    if backend.beside_nestjs:
        raise elsewhere(what)


def elsewhere(what: str) -> ElsewhereError:
    """Say that another backend does `what` ("Accounts are made")."""
    return ElsewhereError(
        f"{what} by the backend of this community (RECIPROCITY_BACKEND_URL names it), not here;"
        " nothing was changed."
    )


def check(statement: bytes) -> None:
    """Refuse a statement that writes what is the other backend's; raise ElsewhereError."""
    table = _denied(statement)
    if table is not None:
        raise elsewhere(f"The table {table} is written")


@lru_cache(maxsize=4096)
def _denied(statement: bytes) -> str | None:
    text = statement.decode()
    found = references(text)
    written = [one.name for one in found if one.kind == "target" and one.name in _SHARED]
    if not written:
        return None
    kinds = {one.name for one in found if one.kind == "statement"} - {"SelectStmt"}
    for table in written:
        kind, *columns = _LEFT_TO_US.get(table or "", ("",))
        if kinds != {kind} or (columns and not _only(text, columns)):
            return table
    return None


def _only(text: str, columns: list[str]) -> bool:
    """Say whether an update, standing alone, sets no other column."""
    for raw in postgast.parse(text).stmts:
        node: Any = unwrap(raw.stmt)
        if type(node).__name__ != "UpdateStmt":
            return False
        if any(unwrap(target).name not in columns for target in node.target_list):
            return False
    return True
