"""Read reports for those who handle them, close them, and take accounts out or back in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection

State = Literal["open", "handled"]


@dataclass(frozen=True, slots=True)
class Report:
    """Hold one report with both addresses; `others` counts further reports about the same member."""

    id: UUID
    reporter_id: UUID | None
    reporter: str | None
    about_id: UUID
    about: str
    about_active: bool
    reason: str
    text: str
    state: str
    outcome: str
    others: int
    created_at: datetime
    handled_by: str | None
    handled_at: datetime | None


def listed(
    backend: BackendConnection,
    state: State,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Report]:
    """List reports, open ones the oldest first; `after` is time and id of the last one before."""
    at, last = after or (None, None)
    return (
        backend.cursor(row_factory=class_row(Report))
        .execute(
            "SELECT r.id, r.reporter_id, w.email AS reporter, r.about_id, a.email AS about,"
            " a.is_active AS about_active, r.reason, r.text, r.state, r.outcome, r.created_at,"
            " (SELECT count(*) FROM reports o WHERE o.about_id = r.about_id AND o.id <> r.id)"
            "  AS others, h.email AS handled_by, r.handled_at"
            " FROM reports r JOIN users a ON a.id = r.about_id"
            " LEFT JOIN users w ON w.id = r.reporter_id LEFT JOIN users h ON h.id = r.handled_by"
            " WHERE r.state = %(state)s AND (%(at)s::timestamptz IS NULL"
            "  OR (r.created_at, r.id) > (%(at)s::timestamptz, %(last)s::uuid))"
            " ORDER BY r.created_at, r.id LIMIT %(limit)s",
            {"state": state, "at": at, "last": last, "limit": limit},
        )
        .fetchall()
    )


def one(backend: BackendConnection, report_id: UUID) -> Report | None:
    """Read one report; None when there is none."""
    return (
        backend.cursor(row_factory=class_row(Report))
        .execute(
            "SELECT r.id, r.reporter_id, w.email AS reporter, r.about_id, a.email AS about,"
            " a.is_active AS about_active, r.reason, r.text, r.state, r.outcome, r.created_at,"
            " (SELECT count(*) FROM reports o WHERE o.about_id = r.about_id AND o.id <> r.id)"
            "  AS others, h.email AS handled_by, r.handled_at"
            " FROM reports r JOIN users a ON a.id = r.about_id"
            " LEFT JOIN users w ON w.id = r.reporter_id LEFT JOIN users h ON h.id = r.handled_by"
            " WHERE r.id = %s",
            (report_id,),
        )
        .fetchone()
    )


def close(
    backend: BackendConnection, report_id: UUID, operator_id: UUID, outcome: str, at: datetime
) -> bool:
    """Close an open report with what its reporter is answered; False when it is closed already."""
    changed = backend.execute(
        "UPDATE reports SET state = 'handled', outcome = %s, handled_by = %s, handled_at = %s"
        " WHERE id = %s AND state = 'open'",
        (outcome, operator_id, at, report_id),
    )
    return changed.rowcount > 0


def set_active(backend: BackendConnection, user_id: UUID, *, active: bool) -> bool:
    """Write whether an account is active; False when it was so already."""
    changed = backend.execute(
        "UPDATE users SET is_active = %s, updated_at = now()"
        " WHERE id = %s AND is_active <> %s AND deleted_at IS NULL",
        (active, user_id, active),
    )
    return changed.rowcount > 0
