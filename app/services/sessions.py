"""Let members in and out: browsers by cookie, programs by bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import NotFoundError, ReciprocityError
from app.repositories.backend import feeds, sessions
from app.services import passwords
from app.services.passwords import Token

LIVES: Final[Mapping[sessions.Kind, timedelta]] = {
    "browser": timedelta(days=30),
    "bearer": timedelta(days=90),
}
LONGEST_LABEL: Final = 120  # characters
SignedIn = sessions.SignedIn


class SignedOutError(ReciprocityError):
    """Nobody is signed in."""

    code = "signed_out"
    status = HTTPStatus.UNAUTHORIZED


class NotAllowedError(ReciprocityError):
    """Somebody is signed in who may not do this."""

    code = "not_allowed"
    status = HTTPStatus.FORBIDDEN


def start(
    backend: BackendConnection, user_id: UUID, kind: sessions.Kind, label: str
) -> tuple[Token, datetime]:
    """Sign a member in; give what they carry from now on, and until when."""
    token, at = passwords.new_token(), datetime.now(UTC)
    ends = at + LIVES[kind]
    label = "".join(letter for letter in label if letter.isprintable())[:LONGEST_LABEL]
    sessions.start(backend, user_id, token.digest, kind, label, at=at, expires_at=ends)
    return token, ends


def find(backend: BackendConnection, secret: str, kind: sessions.Kind) -> sessions.SignedIn | None:
    """Find who carries this, and let the session live on; None when nobody does."""
    at = datetime.now(UTC)
    found = sessions.find(backend, passwords.digest(secret), kind, at)
    if found is not None and at - found.seen_at > sessions.NOTED_EVERY:
        sessions.note_use(backend, found.session_id, at, at + LIVES[kind])
    return found


def lives(backend: BackendConnection, session_id: UUID) -> bool:
    """Say whether a session still lets somebody in."""
    return sessions.lives(backend, session_id, datetime.now(UTC))


def of_member(backend: BackendConnection, user_id: UUID) -> list[sessions.Session]:
    """List a member's sessions, the last used one first."""
    return sessions.of_member(backend, user_id, datetime.now(UTC))


def end(backend: BackendConnection, user_id: UUID, session_id: UUID) -> None:
    """End one session of a member; raise NotFoundError when they have no such session."""
    if not sessions.end(backend, user_id, session_id):
        raise NotFoundError("There is no such session; it may have ended already.")
    feeds.bump(backend, [user_id])


def end_all(backend: BackendConnection, user_id: UUID, *, but: UUID | None = None) -> int:
    """Sign a member out everywhere, or everywhere but here; give how many sessions ended."""
    ended = sessions.end_all(backend, user_id, but=but)
    feeds.bump(backend, [user_id])
    return ended
