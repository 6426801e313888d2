"""Give members everything that is held about them, by the dictionary of tables.

A personal table that nobody has written a statement for is an error and never left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.databases import dictionary
from app.databases.dictionary import Table
from app.databases.names import Database
from app.errors import ReciprocityError
from app.repositories.ai import holdings
from app.repositories.ai.holdings import Holding
from app.repositories.backend import export, pictures
from app.services.steps import Databases


class NotExportedError(ReciprocityError):
    """A table holds members' rows and nobody has said how they are given out."""

    code = "not_exported"


@dataclass(frozen=True, slots=True)
class Held:
    """Hold one table's rows about a member, and what the table is for."""

    table: str
    purpose: str
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Export:
    """Hold everything about one member; `vectors` counts what the AI database derived of it."""

    user_id: UUID
    made_at: datetime
    tables: Sequence[Held]
    vectors: Sequence[Holding]
    picture: bytes | None


def everything(databases: Databases, user_id: UUID) -> Export:
    """Read everything held about a member; raise NotExportedError for a table without a statement."""
    tables = _tables()
    with databases.backend() as backend:
        held = [
            Held(one.name, one.purpose, export.rows(backend, one.name, user_id)) for one in tables
        ]
        version = pictures.versions(backend, [user_id]).get(user_id)
        found = pictures.find(backend, version) if version else None
    with databases.ai() as ai:
        vectors = holdings.of_members(ai, [user_id])
    return Export(user_id, datetime.now(UTC), held, vectors, found[1] if found else None)


def _tables() -> list[Table]:
    """Order the tables as the statements are: what a person looks for first comes first."""
    known = {one.name: one for one in dictionary.tables_of(Database.BACKEND)}
    missing = [
        name for name, one in known.items() if one.personal and name not in export.STATEMENTS
    ]
    if missing:
        raise NotExportedError(
            f"The export does not know what to give of {', '.join(missing)}: write a statement in"
            " app/repositories/backend/export.py."
        )
    return [known[name] for name in export.STATEMENTS]
