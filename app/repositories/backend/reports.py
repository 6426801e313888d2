"""Read and write what members report about others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Report:
    """Hold one report; `outcome` is what those who run this place answered, empty before."""

    id: UUID
    reporter_id: UUID | None
    about_id: UUID
    match_id: UUID | None
    reason: str
    text: str
    state: str
    outcome: str
    created_at: datetime
    handled_at: datetime | None


def add(
    backend: BackendConnection,
    *,
    reporter_id: UUID,
    about_id: UUID,
    match_id: UUID,
    reason: str,
    text: str,
    at: datetime,
) -> UUID:
    """Write a report that nobody has looked at yet; give its id."""
    report_id = uuid4()
    backend.execute(
        "INSERT INTO reports (id, reporter_id, about_id, match_id, reason, text, state, outcome,"
        " created_at) VALUES (%s, %s, %s, %s, %s, %s, 'open', '', %s)",
        (report_id, reporter_id, about_id, match_id, reason, text, at),
    )
    return report_id


def of_member(
    backend: BackendConnection,
    reporter_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Report]:
    """List what a member has reported, the newest first."""
    at, report_id = after or (None, None)
    return (
        backend.cursor(row_factory=class_row(Report))
        .execute(
            "SELECT id, reporter_id, about_id, match_id, reason, text, state, outcome, created_at,"
            " handled_at FROM reports WHERE reporter_id = %(id)s AND (%(at)s::timestamptz IS NULL"
            "  OR (created_at, id) < (%(at)s::timestamptz, %(report)s::uuid))"
            " ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
            {"id": reporter_id, "at": at, "report": report_id, "limit": limit},
        )
        .fetchall()
    )
