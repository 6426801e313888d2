"""Read and write the log of onboarding: one session for each member, message after message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.errors import NotFoundError

Author = Literal["member", "platform"]
Source = Literal["chat", "document"]


@dataclass(frozen=True, slots=True)
class Session:
    """Hold a member's onboarding: how far it is (0 to 100), and whether the rules are settled."""

    id: UUID
    user_id: UUID
    progress: int
    rules_set: bool
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one message of the log. `asked` is the question it asks, or the one it answers."""

    id: UUID
    session_id: UUID
    user_id: UUID
    position: int
    author: str
    source: str
    text: str
    asked: str
    asked_item: UUID | None
    client_key: str | None
    reply_to: UUID | None
    read_at: datetime | None
    read_by: str | None
    created_at: datetime


def open_session(backend: BackendConnection, user_id: UUID, at: datetime) -> Session:
    """Give a member's session, begun if there was none, locked until the transaction ends."""
    backend.execute(
        "INSERT INTO onboarding_sessions (id, user_id, progress, rules_set, created_at)"
        " VALUES (%s, %s, 0, false, %s) ON CONFLICT (user_id) DO NOTHING",
        (uuid4(), user_id, at),
    )
    return locked(backend, user_id)


def locked(backend: BackendConnection, user_id: UUID) -> Session:
    """Give a member's session and lock it, so that two messages at once follow one another."""
    row = (
        backend.cursor(row_factory=class_row(Session))
        .execute(
            "SELECT id, user_id, progress, rules_set, completed_at FROM onboarding_sessions"
            " WHERE user_id = %s FOR UPDATE",
            (user_id,),
        )
        .fetchone()
    )
    if row is None:
        raise NotFoundError(
            "The member {member} has not begun onboarding; start it first.", member=user_id
        )
    return row


def of_member(backend: BackendConnection, user_id: UUID) -> Session | None:
    """Find a member's session; None when onboarding was never begun."""
    return (
        backend.cursor(row_factory=class_row(Session))
        .execute(
            "SELECT id, user_id, progress, rules_set, completed_at FROM onboarding_sessions"
            " WHERE user_id = %s",
            (user_id,),
        )
        .fetchone()
    )


def member_of(backend: BackendConnection, session_id: UUID) -> UUID:
    """Say whose session this is; raise NotFoundError when there is none."""
    row = backend.execute(
        "SELECT user_id FROM onboarding_sessions WHERE id = %s", (session_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError("There is no onboarding session {session}.", session=session_id)
    found: UUID = row[0]
    return found


def begin_status(backend: BackendConnection, user_id: UUID) -> str:
    """Set the status in_progress if it is not_started; give what it is then. It never falls back."""
    backend.execute(
        "UPDATE users SET onboarding_status = 'in_progress'"
        " WHERE id = %s AND onboarding_status = 'not_started' AND deleted_at IS NULL",
        (user_id,),
    )
    row = backend.execute(
        "SELECT onboarding_status::text FROM users WHERE id = %s AND deleted_at IS NULL", (user_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError(
            "No member has the id {member}; onboarding was not begun.", member=user_id
        )
    return str(row[0])


def raise_progress(backend: BackendConnection, session_id: UUID, progress: int) -> None:
    """Set the progress if that is more than it was."""
    backend.execute(
        "UPDATE onboarding_sessions SET progress = %(progress)s"
        " WHERE id = %(id)s AND progress < %(progress)s",
        {"id": session_id, "progress": progress},
    )


def complete(backend: BackendConnection, session_id: UUID, at: datetime) -> None:
    """Write down that the member said they are done; the first time counts."""
    backend.execute(
        "UPDATE onboarding_sessions SET progress = 100, completed_at = coalesce(completed_at, %s)"
        " WHERE id = %s",
        (at, session_id),
    )


def settle_rules(backend: BackendConnection, session_id: UUID) -> None:
    """Write down that the member has set rules, or has been asked for them and answered."""
    backend.execute("UPDATE onboarding_sessions SET rules_set = true WHERE id = %s", (session_id,))


def add(
    backend: BackendConnection,
    session: Session,
    *,
    author: Author,
    text: str,
    at: datetime,
    source: Source = "chat",
    asked: str = "",
    asked_item: UUID | None = None,
    client_key: str | None = None,
    reply_to: UUID | None = None,
) -> Message:
    """Append a message to the log; the session must be locked."""
    row = (
        backend.cursor(row_factory=class_row(Message))
        .execute(
            "INSERT INTO onboarding_messages (id, session_id, user_id, position, author, source,"
            " text, asked, asked_item, client_key, reply_to, created_at)"
            " SELECT %s, %s, %s, coalesce(max(position), 0) + 1, %s, %s, %s, %s, %s, %s, %s, %s"
            " FROM onboarding_messages WHERE session_id = %s"
            " RETURNING id, session_id, user_id, position, author, source, text, asked, asked_item,"
            "  client_key, reply_to, read_at, read_by, created_at",
            (
                uuid4(), session.id, session.user_id, author, source, text, asked, asked_item,
                client_key, reply_to, at, session.id,
            ),
        )
        .fetchone()
    )  # fmt: skip
    if row is None:
        raise NotFoundError(
            "There is no onboarding session {session}; nothing was written.", session=session.id
        )
    return row


def log(backend: BackendConnection, session_id: UUID) -> list[Message]:
    """List a session's messages in the order in which they were said."""
    return (
        backend.cursor(row_factory=class_row(Message))
        .execute(
            "SELECT id, session_id, user_id, position, author, source, text, asked, asked_item,"
            " client_key, reply_to, read_at, read_by, created_at FROM onboarding_messages"
            " WHERE session_id = %s ORDER BY position",
            (session_id,),
        )
        .fetchall()
    )


def mark_read(backend: BackendConnection, message_id: UUID, read_by: str, at: datetime) -> None:
    """Write down that statements were derived from a message, and by what."""
    backend.execute(
        "UPDATE onboarding_messages SET read_at = %s, read_by = %s WHERE id = %s",
        (at, read_by, message_id),
    )


def forget_readings(backend: BackendConnection, session_id: UUID) -> None:
    """Have everything a member said read again; the words stay."""
    backend.execute(
        "UPDATE onboarding_messages SET read_at = NULL, read_by = NULL"
        " WHERE session_id = %s AND author = 'member'",
        (session_id,),
    )
