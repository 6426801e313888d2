"""Bring what a summary consists of in line with a text that was edited elsewhere."""

from __future__ import annotations

from uuid import UUID

from app.databases.connections import BackendConnection


def forget(backend: BackendConnection, summary_id: UUID) -> None:
    """Remove what one version of a summary consisted of, to be written anew."""
    backend.execute("DELETE FROM statements WHERE summary_id = %s", (summary_id,))
