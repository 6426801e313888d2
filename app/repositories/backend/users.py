"""Read and write accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError, NotFoundError

STATUSES: Final = ("not_started", "in_progress", "completed")


@dataclass(frozen=True, slots=True)
class User:
    """Hold an account as other members' lists and the operator see it."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    onboarding_status: str
    is_active: bool
    allow_matching: bool

    @property
    def name(self) -> str:
        """Give the name as the member wrote it, or the e-mail's local part when there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email.split("@")[0]


def as_id(value: UUID | str) -> UUID:
    """Read a member's id; raise InvalidInputError when it is none."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise InvalidInputError("{value!r} is not a member's id (a UUID).", value=value) from None


def update_onboarding_status(backend: BackendConnection, user_id: UUID | str, status: str) -> None:
    """Set the status; raise NotFoundError when no member has this id: nothing was updated then."""
    if status not in STATUSES:
        raise InvalidInputError(
            "{status!r} is no onboarding status; it is one of {statuses}.",
            status=status,
            statuses=STATUSES,
        )
    changed = backend.execute(
        "UPDATE users SET onboarding_status = %s WHERE id = %s AND deleted_at IS NULL",
        (status, as_id(user_id)),
    )
    if changed.rowcount == 0:
        raise NotFoundError(
            "No member has the id {member}; no onboarding status was changed.", member=user_id
        )


def valid_ids(backend: BackendConnection, user_ids: Iterable[UUID | str]) -> list[str]:
    """Keep, in their order, the ids of members who are active and may be matched."""
    wanted = [as_id(value) for value in user_ids]
    rows = backend.execute(
        "SELECT id FROM users"
        " WHERE id = ANY(%s) AND is_active AND allow_matching AND deleted_at IS NULL",
        (wanted,),
    ).fetchall()
    valid = {row[0] for row in rows}
    return [str(value) for value in wanted if value in valid]


def by_email(backend: BackendConnection, email: str) -> User:
    """Find a member by e-mail, whatever its case; raise NotFoundError when there is none."""
    found = (
        backend.cursor(row_factory=class_row(User))
        .execute(
            "SELECT id, email, coalesce(first_name, '') AS first_name,"
            " coalesce(last_name, '') AS last_name, onboarding_status, is_active, allow_matching"
            " FROM users WHERE lower(email) = lower(%s) AND deleted_at IS NULL",
            (email.strip(),),
        )
        .fetchone()
    )
    if found is None:
        raise NotFoundError("No member has the e-mail address {email}.", email=email)
    return found


def by_id(backend: BackendConnection, user_id: UUID) -> User:
    """Find a member by id; raise NotFoundError when there is none."""
    found = by_ids(backend, [user_id])
    if not found:
        raise NotFoundError("No member has the id {member}.", member=user_id)
    return found[user_id]


def by_ids(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, User]:
    """Find members by id; those who do not exist are left out."""
    rows = (
        backend.cursor(row_factory=class_row(User))
        .execute(
            "SELECT id, email, coalesce(first_name, '') AS first_name,"
            " coalesce(last_name, '') AS last_name, onboarding_status, is_active, allow_matching"
            " FROM users WHERE id = ANY(%s) AND deleted_at IS NULL",
            (list(user_ids),),
        )
        .fetchall()
    )
    return {row.id: row for row in rows}


def insert(
    backend: BackendConnection,
    *,
    email: str,
    first_name: str,
    last_name: str,
    at: datetime,
    status: str = "not_started",
) -> UUID | None:
    """Insert an account; None when the e-mail address is taken, whatever its case."""
    row = backend.execute(
        "INSERT INTO users (id, email, first_name, last_name, onboarding_status, is_active,"
        " allow_matching, is_email_verified, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, true, true, false, %s, %s)"
        " ON CONFLICT (lower(email)) DO NOTHING RETURNING id",
        (uuid4(), email, first_name, last_name, status, at, at),
    ).fetchone()
    return None if row is None else row[0]


def rename(backend: BackendConnection, user_id: UUID, first_name: str, last_name: str) -> None:
    """Set a member's names."""
    backend.execute(
        "UPDATE users SET first_name = %s, last_name = %s, updated_at = now() WHERE id = %s",
        (first_name, last_name, user_id),
    )


def ids_by_email(backend: BackendConnection, emails: Sequence[str]) -> dict[str, UUID]:
    """Map lower-case e-mail addresses to the members who have them."""
    rows = backend.execute(
        "SELECT lower(email), id FROM users WHERE lower(email) = ANY(%s) AND deleted_at IS NULL",
        ([email.lower() for email in emails],),
    ).fetchall()
    return {row[0]: row[1] for row in rows}
