"""Read which revision the ai database is at."""

from __future__ import annotations

from app.databases.connections import AIConnection


def current(ai: AIConnection) -> str | None:
    """Give the revision of migrations/ai that is applied; None when there is none."""
    row = ai.execute("SELECT version_num FROM alembic_version_ai").fetchone()
    return None if row is None else str(row[0])
