"""Prove the two databases before any work; what needs no more than that imports no more."""

from __future__ import annotations

from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.revisions import all_newest
from app.errors import SettingsError
from app.services import health, shared_tables


def prove(databases: PostgreSQLAdapter) -> None:
    """Prove that both databases are the right ones, in this code's shape, and whose they are.

    Raises IdentityError, DatabaseUnavailableError, and SettingsError where another backend owns the
    shared tables and no address of it is set.
    """
    databases.verify()
    health.require_current(databases, all_newest())
    with databases.backend() as backend:
        theirs = shared_tables.belong_to_another(backend)
    if theirs and not databases.settings.beside_nestjs:
        raise SettingsError(
            "The backend database was adopted: another backend owns its shared tables, and"
            " RECIPROCITY_BACKEND_URL is not set. Set it to that backend's address, which ends in"
            " /api/v1."
        )
