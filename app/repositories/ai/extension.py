"""Read whether pgvector is installed."""

from __future__ import annotations

from app.databases.connections import AIConnection


def version(ai: AIConnection) -> str | None:
    """Give the version of the extension vector; None when it was never created here."""
    row = ai.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    return None if row is None else str(row[0])
