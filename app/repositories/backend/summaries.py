"""Read and write summaries: many versions a member, the newest approved one counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import class_row

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend.users import as_id

STATUSES: Final = ("draft", "approved")
URGENCIES: Final = ("urgent", "time_sensitive", "ongoing", "exploratory")


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold one version of what a member needs and offers."""

    id: UUID
    user_id: UUID
    status: str
    summary: str
    version: int


def create(
    backend: BackendConnection,
    user_id: UUID | str,
    summary: str,
    *,
    urgency: str = "ongoing",
    status: str = "draft",
) -> Summary:
    """Insert the next version of a member's summary.

    Raises NotFoundError for an unknown member and InvalidInputError for an empty text or an unknown
    word; nothing is written then.
    """
    if not summary.strip():
        raise InvalidInputError("A summary needs a text; nothing was written.")
    if urgency not in URGENCIES or status not in STATUSES:
        raise InvalidInputError(
            "urgency is one of {urgencies}, status one of {statuses}.",
            urgencies=URGENCIES,
            statuses=STATUSES,
        )
    member = as_id(user_id)
    # The member's row is locked so that two writers at once take two versions.
    if not backend.execute(
        "SELECT 1 FROM users WHERE id = %s AND deleted_at IS NULL FOR UPDATE", (member,)
    ).fetchone():
        raise NotFoundError("No member has the id {member}; no summary was written.", member=member)
    try:
        row = (
            backend.cursor(row_factory=class_row(Summary))
            .execute(
                "INSERT INTO user_summaries"
                " (id, user_id, status, summary, version, webhook, urgency, created_at, updated_at)"
                " SELECT %s, %s, %s, %s, coalesce(max(version), 0) + 1, false, %s, now(), now()"
                " FROM user_summaries WHERE user_id = %s"
                " RETURNING id, user_id, status, summary, version",
                (uuid4(), member, status, summary, urgency, member),
            )
            .fetchone()
        )
    except ForeignKeyViolation:
        raise NotFoundError(
            "No member has the id {member}; no summary was written.", member=member
        ) from None
    if row is None:
        raise NotFoundError("No summary was written for the member {member}.", member=member)
    return row


def current(backend: BackendConnection, user_id: UUID) -> Summary:
    """Find the summary that counts: approved before draft, then the highest version."""
    row = (
        backend.cursor(row_factory=class_row(Summary))
        .execute(
            "SELECT id, user_id, status, summary, version FROM user_summaries WHERE user_id = %s"
            " ORDER BY (status = 'approved') DESC, version DESC LIMIT 1",
            (user_id,),
        )
        .fetchone()
    )
    if row is None:
        raise NotFoundError("The member {member} has no summary yet.", member=user_id)
    return row


def latest(backend: BackendConnection, user_id: UUID) -> Summary | None:
    """Find the newest version, approved or not; None when there is none."""
    return (
        backend.cursor(row_factory=class_row(Summary))
        .execute(
            "SELECT id, user_id, status, summary, version FROM user_summaries WHERE user_id = %s"
            " ORDER BY version DESC LIMIT 1",
            (user_id,),
        )
        .fetchone()
    )


def approve(backend: BackendConnection, summary_id: UUID) -> None:
    """Mark a draft as approved; raise NotFoundError when there is no such summary."""
    changed = backend.execute(
        "UPDATE user_summaries SET status = 'approved', updated_at = now() WHERE id = %s",
        (summary_id,),
    )
    if changed.rowcount == 0:
        raise NotFoundError(
            "There is no summary {summary}; nothing was approved.", summary=summary_id
        )
