"""Read and write who is signed in, by the digest of what they carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection

Kind = Literal["browser", "bearer"]
NOTED_EVERY: Final = timedelta(minutes=5)  # how exactly it is known when a session was last used


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Hold who is behind a request, and by which session."""

    session_id: UUID
    user_id: UUID
    email: str
    first_name: str
    last_name: str
    onboarding_status: str
    allow_matching: bool
    operator: bool
    seen_at: datetime
    erase_at: datetime | None = None

    @property
    def name(self) -> str:
        """Give the name as the member wrote it."""
        return f"{self.first_name} {self.last_name}".strip() or self.email.split("@")[0]


@dataclass(frozen=True, slots=True)
class Session:
    """Hold one session as its member sees it in the list of theirs."""

    id: UUID
    kind: str
    label: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def start(
    backend: BackendConnection,
    user_id: UUID,
    token_hash: bytes,
    kind: Kind,
    label: str,
    *,
    at: datetime,
    expires_at: datetime,
) -> UUID:
    """Write a session, and forget those of the member that have run out."""
    backend.execute("DELETE FROM sessions WHERE user_id = %s AND expires_at < %s", (user_id, at))
    session_id = uuid4()
    backend.execute(
        "INSERT INTO sessions"
        " (id, user_id, token_hash, kind, label, created_at, seen_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (session_id, user_id, token_hash, kind, label, at, at, expires_at),
    )
    return session_id


def find(
    backend: BackendConnection, token_hash: bytes, kind: Kind, at: datetime
) -> SignedIn | None:
    """Find who carries this; None when it is unknown, too old, or its member is gone."""
    return (
        backend.cursor(row_factory=class_row(SignedIn))
        .execute(
            "SELECT s.id AS session_id, u.id AS user_id, u.email, u.first_name, u.last_name,"
            "  u.onboarding_status::text, u.allow_matching, s.seen_at,"
            "  EXISTS (SELECT 1 FROM operators o WHERE o.user_id = u.id) AS operator,"
            "  (SELECT d.erase_at FROM departures d WHERE d.user_id = u.id) AS erase_at"
            " FROM sessions s JOIN users u ON u.id = s.user_id"
            " WHERE s.token_hash = %s AND s.kind = %s AND s.expires_at >= %s"
            "  AND u.is_active AND u.deleted_at IS NULL",
            (token_hash, kind, at),
        )
        .fetchone()
    )


def lives(backend: BackendConnection, session_id: UUID, at: datetime) -> bool:
    """Say whether a session still lets somebody in."""
    row = backend.execute(
        "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = %s"
        " AND s.expires_at >= %s AND u.is_active AND u.deleted_at IS NULL",
        (session_id, at),
    ).fetchone()
    return row is not None


def note_use(
    backend: BackendConnection, session_id: UUID, at: datetime, expires_at: datetime
) -> None:
    """Write that a session was used, which lets it live longer."""
    backend.execute(
        "UPDATE sessions SET seen_at = %s, expires_at = %s WHERE id = %s",
        (at, expires_at, session_id),
    )


def of_member(backend: BackendConnection, user_id: UUID, at: datetime) -> list[Session]:
    """List a member's sessions, the last used one first."""
    return (
        backend.cursor(row_factory=class_row(Session))
        .execute(
            "SELECT id, kind, label, created_at, seen_at, expires_at FROM sessions"
            " WHERE user_id = %s AND expires_at >= %s ORDER BY seen_at DESC, id",
            (user_id, at),
        )
        .fetchall()
    )


def end(backend: BackendConnection, user_id: UUID, session_id: UUID) -> bool:
    """End one session of a member; False when they have no such session."""
    ended = backend.execute(
        "DELETE FROM sessions WHERE id = %s AND user_id = %s", (session_id, user_id)
    )
    return ended.rowcount > 0


def end_all(backend: BackendConnection, user_id: UUID, *, but: UUID | None = None) -> int:
    """End all sessions of a member but one; give how many."""
    return backend.execute(
        "DELETE FROM sessions WHERE user_id = %s AND (%s::uuid IS NULL OR id <> %s::uuid)",
        (user_id, but, but),
    ).rowcount
