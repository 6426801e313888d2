"""The one rule of what one member may see of another; every list and page asks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.databases.connections import BackendConnection

Standing = Literal["visible", "paused", "blocked", "gone"]


def standings(
    backend: BackendConnection, viewer_id: UUID, others: Sequence[UUID]
) -> dict[UUID, Standing]:
    """Say how each of the others stands to the viewer; it is the same from either side.

    gone: one of the two has left or is inactive. blocked: one of them wants nothing to do with the
    other. paused: one of them takes no introductions at the moment. Who does not exist is gone.
    """
    rows = backend.execute(
        "SELECT u.id, CASE"
        " WHEN NOT me.is_active OR me.deleted_at IS NOT NULL THEN 'gone'"
        " WHEN NOT u.is_active OR u.deleted_at IS NOT NULL THEN 'gone'"
        " WHEN EXISTS (SELECT 1 FROM blocks b WHERE (b.blocker_id = me.id AND b.blocked_id = u.id)"
        "  OR (b.blocker_id = u.id AND b.blocked_id = me.id)) THEN 'blocked'"
        " WHEN NOT me.allow_matching OR NOT u.allow_matching THEN 'paused'"
        " ELSE 'visible' END"
        " FROM users u JOIN users me ON me.id = %s WHERE u.id = ANY(%s)",
        (viewer_id, list(others)),
    ).fetchall()
    known: dict[UUID, Standing] = {row[0]: row[1] for row in rows}
    return {other: known.get(other, "gone") for other in others}


def block(backend: BackendConnection, blocker_id: UUID, blocked_id: UUID, at: datetime) -> None:
    """Write that one member wants nothing to do with another."""
    backend.execute(
        "INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (blocker_id, blocked_id, at),
    )


def unblock(backend: BackendConnection, blocker_id: UUID, blocked_id: UUID) -> bool:
    """Take a block back; False when there was none."""
    undone = backend.execute(
        "DELETE FROM blocks WHERE blocker_id = %s AND blocked_id = %s", (blocker_id, blocked_id)
    )
    return undone.rowcount > 0


def blocked_by(backend: BackendConnection, blocker_id: UUID) -> dict[UUID, datetime]:
    """Say whom a member has blocked since when, the newest first."""
    rows = backend.execute(
        "SELECT blocked_id, created_at FROM blocks WHERE blocker_id = %s"
        " ORDER BY created_at DESC, blocked_id",
        (blocker_id,),
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def pause(backend: BackendConnection, user_id: UUID, *, paused: bool) -> bool:
    """Write whether a member takes introductions; False when it was so already."""
    changed = backend.execute(
        "UPDATE users SET allow_matching = %s, updated_at = now()"
        " WHERE id = %s AND allow_matching = %s",
        (not paused, user_id, paused),
    )
    return changed.rowcount > 0
