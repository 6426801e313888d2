"""Tell a member's open pages that something has changed: a number that only grows.

The number is raised in the transaction of the change, so whoever sees it grown sees the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.databases.connections import BackendConnection


def bump(backend: BackendConnection, user_ids: Sequence[UUID]) -> None:
    """Raise the numbers of these members; last in a transaction, as it holds their rows."""
    # In the order of their ids, so that two transactions never wait for each other.
    for user_id in sorted(user_ids):
        backend.execute(
            "INSERT INTO feeds AS f (user_id, version) VALUES (%s, 1)"
            " ON CONFLICT (user_id) DO UPDATE SET version = f.version + 1",
            (user_id,),
        )


def versions(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Read the numbers of these members; those who never had a change are left out."""
    rows = backend.execute(
        "SELECT user_id, version FROM feeds WHERE user_id = ANY(%s)", (list(user_ids),)
    ).fetchall()
    return {row[0]: row[1] for row in rows}
