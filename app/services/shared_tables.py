"""Say whose the tables are that this platform shares with another backend."""

from __future__ import annotations

from app.databases import identity
from app.databases.connections import BackendConnection


def belong_to_another(backend: BackendConnection) -> bool:
    """Say whether the database was adopted: another backend made its shared tables."""
    return identity.is_adopted(backend)
