"""Keep members' pictures, made anew, and show them to whom they want them shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend import conversations, pictures
from app.services import disclosure, introductions, limits
from app.services.steps import Databases

MakeAnew = Callable[[bytes], bytes]


def put(databases: Databases, make_anew: MakeAnew, user_id: UUID, content: bytes) -> UUID:
    """Keep a member's picture; give its version. Raises InvalidInputError for what is no picture."""
    if not content:
        raise InvalidInputError("There is no file in this; choose a picture first.")
    limits.take(databases, limits.UPLOADS, str(user_id))
    transactions.nothing_open("making a picture anew")
    made = make_anew(content)
    with databases.backend() as backend:
        return pictures.put(backend, user_id, made, datetime.now(UTC))


def remove(backend: BackendConnection, user_id: UUID) -> None:
    """Remove a member's picture; without one nothing happens."""
    pictures.remove(backend, user_id)


def version(backend: BackendConnection, user_id: UUID) -> UUID | None:
    """Name the version of a member's picture; None where there is none."""
    return pictures.versions(backend, [user_id]).get(user_id)


def seen_by(backend: BackendConnection, viewer_id: UUID, version: UUID) -> bytes:
    """Give a picture to whoever may see it; raise NotFoundError, alike for every reason."""
    found = pictures.find(backend, version)
    if found is not None:
        owner_id, body = found
        if owner_id == viewer_id or _shown(backend, viewer_id, owner_id):
            return body
    raise NotFoundError("There is no such picture.")


def _shown(backend: BackendConnection, viewer_id: UUID, owner_id: UUID) -> bool:
    if owner_id not in introductions.available(backend, viewer_id):
        return False
    talking = any(
        one.partner_id == owner_id and one.ended_at is None
        for one in conversations.of_member(backend, viewer_id)
    )
    shown = disclosure.shown(backend, [owner_id], talking=[owner_id] if talking else [])
    return owner_id in shown and shown[owner_id].picture is not None
