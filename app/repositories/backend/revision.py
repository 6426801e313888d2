"""Read which revision the backend database is at."""

from __future__ import annotations

from app.databases.connections import BackendConnection


def current(backend: BackendConnection) -> str | None:
    """Give the revision of migrations/backend that is applied; None when there is none."""
    row = backend.execute("SELECT version_num FROM alembic_version_backend").fetchone()
    return None if row is None else str(row[0])
