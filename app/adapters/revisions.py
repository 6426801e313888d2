"""Name the newest revision of each database that this code knows, without loading Alembic for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.databases.names import Database

FOLDER: Final = Path(__file__).parent.parent.parent / "migrations"


def newest(database: Database) -> str:
    """Give the highest number among a history's files, which are named NNNN_what_it_does.py.

    Raises FileNotFoundError where the migrations are not installed.
    """
    numbers = [path.name[:4] for path in (FOLDER / database.value / "versions").glob("[0-9]*_*.py")]
    if not numbers:
        raise FileNotFoundError(f"{FOLDER / database.value} holds no revision")
    return max(numbers)


def all_newest() -> dict[Database, str]:
    """Give the newest revision of both databases."""
    return {database: newest(database) for database in Database}
