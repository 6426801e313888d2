"""Forget members who have left the backend that keeps the accounts; their vectors follow."""

from __future__ import annotations

from typing import Final

from app.databases.connections import BackendConnection
from app.repositories.backend import departed, erasure, outbox
from app.services import topics

_AT_ONCE: Final = 200  # members in one transaction; the next hour goes on


def forget(backend: BackendConnection) -> int:
    """Remove everything ours of members whose accounts are gone; give how many they were."""
    gone = departed.found(backend, limit=_AT_ONCE)
    for user_id in gone:
        erasure.forget(backend, user_id)
    if gone:
        outbox.add(backend, topics.ERASE, gone)
    return len(gone)
