"""Read and write profile pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from app.databases.connections import BackendConnection


def put(backend: BackendConnection, user_id: UUID, body: bytes, at: datetime) -> UUID:
    """Write a member's picture; give its version, under which it never changes."""
    version = uuid4()
    backend.execute(
        "INSERT INTO pictures (user_id, version, body, updated_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, body = excluded.body,"
        " updated_at = excluded.updated_at",
        (user_id, version, body, at),
    )
    return version


def remove(backend: BackendConnection, user_id: UUID) -> bool:
    """Remove a member's picture; False when there was none."""
    return backend.execute("DELETE FROM pictures WHERE user_id = %s", (user_id,)).rowcount > 0


def versions(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Name the versions of members' pictures; who has none is left out."""
    rows = backend.execute(
        "SELECT user_id, version FROM pictures WHERE user_id = ANY(%s)", (list(user_ids),)
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def find(backend: BackendConnection, version: UUID) -> tuple[UUID, bytes] | None:
    """Give whose picture a version is, and the picture; None when there is no such one."""
    row = backend.execute(
        "SELECT user_id, body FROM pictures WHERE version = %s", (version,)
    ).fetchone()
    return None if row is None else (row[0], bytes(row[1]))
