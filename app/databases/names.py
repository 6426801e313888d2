"""The two databases, by the two words that stand at every level."""

from __future__ import annotations

from enum import StrEnum


class Database(StrEnum):
    """Name one of the two databases."""

    AI = "ai"
    BACKEND = "backend"

    @property
    def other(self) -> Database:
        """Name the database that this one must never be mistaken for."""
        return Database.BACKEND if self is Database.AI else Database.AI

    @property
    def variable(self) -> str:
        """Name the environment variable that holds this database's address."""
        return "DATABASE_URL" if self is Database.AI else "RECIPROCITY_BACKEND_DB_URL"

    @property
    def method(self) -> str:
        """Name the adapter's method that gives a connection to this database."""
        return "get_connection()" if self is Database.AI else "get_backend_connection()"

    @property
    def default_name(self) -> str:
        """Name the PostgreSQL database as the architecture document calls it."""
        return "reciprocity_ai" if self is Database.AI else "reciprocity_db"

    @property
    def identity_table(self) -> str:
        """Name the table whose one row says which database this is."""
        return f"{self.value}_identity"

    @property
    def version_table(self) -> str:
        """Name the table in which this database's migrations keep their revision."""
        return f"alembic_version_{self.value}"
