"""Read and write what lets a member in: passwords, sign-ups, links, who is an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection

Purpose = Literal["password", "address"]


@dataclass(frozen=True, slots=True)
class Credential:
    """Hold whose password it is, and its digest."""

    user_id: UUID
    password_hash: str


@dataclass(frozen=True, slots=True)
class SignUp:
    """Hold an account that was asked for and waits for its address to be confirmed."""

    email: str
    first_name: str
    last_name: str
    password_hash: str


def credential(backend: BackendConnection, email: str) -> Credential | None:
    """Find the password of the active member with this address, whatever its case."""
    return (
        backend.cursor(row_factory=class_row(Credential))
        .execute(
            "SELECT c.user_id, c.password_hash FROM users u JOIN credentials c ON c.user_id = u.id"
            " WHERE lower(u.email) = lower(%s) AND u.deleted_at IS NULL AND u.is_active",
            (email,),
        )
        .fetchone()
    )


def credential_of(backend: BackendConnection, user_id: UUID) -> Credential | None:
    """Find a member's password."""
    return (
        backend.cursor(row_factory=class_row(Credential))
        .execute("SELECT user_id, password_hash FROM credentials WHERE user_id = %s", (user_id,))
        .fetchone()
    )


def set_password(
    backend: BackendConnection, user_id: UUID, password_hash: str, at: datetime
) -> None:
    """Write a member's password, whether there was one or not."""
    backend.execute(
        "INSERT INTO credentials (user_id, password_hash, changed_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash,"
        " changed_at = excluded.changed_at",
        (user_id, password_hash, at),
    )


def id_of(backend: BackendConnection, email: str) -> UUID | None:
    """Find the member with this address, whatever its case; None when there is none."""
    row = backend.execute(
        "SELECT id FROM users WHERE lower(email) = lower(%s) AND deleted_at IS NULL", (email,)
    ).fetchone()
    return None if row is None else row[0]


def address_confirmed(backend: BackendConnection, user_id: UUID) -> None:
    """Write that a member's address was proved to be theirs."""
    backend.execute(
        "UPDATE users SET is_email_verified = true, updated_at = now() WHERE id = %s", (user_id,)
    )


def set_address(backend: BackendConnection, user_id: UUID, email: str) -> bool:
    """Write a member's new address; False, and nothing written, when somebody has it."""
    taken = backend.execute(
        "SELECT 1 FROM users WHERE lower(email) = lower(%s) AND id <> %s", (email, user_id)
    ).fetchone()
    if taken is not None:
        return False
    backend.execute(
        "UPDATE users SET email = %s, is_email_verified = true, updated_at = now() WHERE id = %s",
        (email, user_id),
    )
    return True


def add_sign_up(
    backend: BackendConnection, token_hash: bytes, asked: SignUp, at: datetime, expires_at: datetime
) -> None:
    """Write an account that was asked for, and forget those that nobody confirmed in time."""
    backend.execute("DELETE FROM sign_ups WHERE expires_at < %s", (at,))
    backend.execute(
        "INSERT INTO sign_ups"
        " (token_hash, email, first_name, last_name, password_hash, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            token_hash,
            asked.email,
            asked.first_name,
            asked.last_name,
            asked.password_hash,
            at,
            expires_at,
        ),
    )


def sign_up(backend: BackendConnection, token_hash: bytes, at: datetime) -> SignUp | None:
    """Find an account that was asked for, by its link; None when it is unknown or too old."""
    return (
        backend.cursor(row_factory=class_row(SignUp))
        .execute(
            "SELECT email, first_name, last_name, password_hash FROM sign_ups"
            " WHERE token_hash = %s AND expires_at >= %s",
            (token_hash, at),
        )
        .fetchone()
    )


def drop_sign_ups(backend: BackendConnection, email: str) -> None:
    """Forget every account asked for with this address."""
    backend.execute("DELETE FROM sign_ups WHERE lower(email) = lower(%s)", (email,))


def add_link(
    backend: BackendConnection,
    token_hash: bytes,
    user_id: UUID,
    purpose: Purpose,
    email: str,
    expires_at: datetime,
) -> None:
    """Write a link; earlier ones of the same kind stop working."""
    drop_links(backend, user_id, purpose)
    backend.execute(
        "INSERT INTO account_links (token_hash, user_id, purpose, email, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, now(), %s)",
        (token_hash, user_id, purpose, email, expires_at),
    )


def link(
    backend: BackendConnection, token_hash: bytes, purpose: Purpose, at: datetime
) -> tuple[UUID, str] | None:
    """Find whose link it is and the address it is about; None when it is unknown or too old."""
    row = backend.execute(
        "SELECT user_id, email FROM account_links"
        " WHERE token_hash = %s AND purpose = %s AND expires_at >= %s FOR UPDATE",
        (token_hash, purpose, at),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def drop_links(backend: BackendConnection, user_id: UUID, purpose: Purpose) -> None:
    """Make a member's links of one kind stop working."""
    backend.execute(
        "DELETE FROM account_links WHERE user_id = %s AND purpose = %s", (user_id, purpose)
    )


def make_operator(backend: BackendConnection, user_id: UUID, at: datetime) -> None:
    """Let a member run this place."""
    backend.execute(
        "INSERT INTO operators (user_id, since) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (user_id, at),
    )
