"""Write the stream of events that an open page listens to (Server-Sent Events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from app.services import conversations, sessions
from app.services.live import Watch
from app.services.sessions import SignedIn
from app.services.steps import Databases

BEAT: Final = 15.0  # seconds between two signs of life
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def events(databases: Databases, watch: Watch, who: SignedIn) -> AsyncIterator[str]:
    """Tell of each change until the session ends: `changed` with the unread count, or `beat`.

    A page that connects again asks for everything that is newer than what it has, so no event needs
    to be kept.
    """
    with watch.follow(who.user_id) as page:
        yield "retry: 1500\n\n"
        kind = "changed"
        while not page.closing:
            unread = await asyncio.to_thread(_unread, databases, who.session_id, who.user_id)
            if unread is None:
                yield _event("signed-out", {})
                return
            yield _event(kind, {"unread": unread})
            try:
                await asyncio.wait_for(page.changed.wait(), BEAT)
                kind = "changed"
            except TimeoutError:
                kind = "beat"
            page.changed.clear()


def _unread(databases: Databases, session_id: UUID, user_id: UUID) -> int | None:
    """Count unread messages; None when the session has ended meanwhile."""
    with databases.backend() as backend:
        if not sessions.lives(backend, session_id):
            return None
        return conversations.unread(backend, user_id)


def _event(kind: str, told: dict[str, int]) -> str:
    return f"event: {kind}\ndata: {json.dumps(told)}\n\n"
