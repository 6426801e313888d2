"""Let members leave for good: asked for, seven days to change one's mind, carried out, proved."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.databases import dictionary
from app.databases.connections import BackendConnection
from app.errors import NotFoundError
from app.repositories.backend import departures, visibility
from app.repositories.backend.departures import Receipt
from app.repositories.backend.sessions import SignedIn
from app.services import account_changes, erasure, letters
from app.services.site import Site
from app.services.steps import Databases

log = logging.getLogger(__name__)

DAYS: Final = timedelta(days=7)


def ask(databases: Databases, site: Site, who: SignedIn, password: str) -> datetime:
    """Say that a member wants to be erased; give when that happens. Asked again changes nothing.

    Until then nobody is introduced to them. Raises InvalidInputError for a wrong password.
    """
    account_changes.must_know_password(databases, who, password)
    at = datetime.now(UTC)
    with databases.backend() as backend:
        if departures.ask(backend, who.user_id, at, at + DAYS):
            visibility.pause(backend, who.user_id, paused=True)
            _write_of_asking(backend, site, who, at + DAYS)
        found = departures.of_member(backend, who.user_id)
    return found.erase_at if found else at + DAYS


def _write_of_asking(
    backend: BackendConnection, site: Site, who: SignedIn, erase_at: datetime
) -> None:
    letters.write(
        backend, letters.LEAVING, who.user_id, who.email,
        at=_minute(erase_at), your_data=site.link("/your-data"), forgotten=site.link("/forgotten"),
    )  # fmt: skip


def take_back(backend: BackendConnection, user_id: UUID) -> None:
    """Let a member stay, as they were; raise NotFoundError when they are not leaving."""
    departure = departures.take_back(backend, user_id)
    if departure is None:
        raise NotFoundError("You have not asked to be erased, so there is nothing to take back.")
    visibility.pause(backend, user_id, paused=not departure.took_introductions)


def of_member(backend: BackendConnection, user_id: UUID) -> departures.Departure | None:
    """Say when a member is erased; None when they are not leaving."""
    return departures.of_member(backend, user_id)


def carry_out(databases: Databases, at: datetime | None = None) -> int:
    """Erase everybody whose days are over, each in a transaction of their own; give how many."""
    at, erased = at or datetime.now(UTC), 0
    while True:
        with databases.backend() as backend:
            due = departures.next_due(backend, at)
            if due is None:
                break
            user_id, email = due
            erasure.erase(backend, user_id, email=email)
        erased += 1
    if erased:
        log.info("%d members were erased as they had asked", erased)
    return erased


def write_receipts(databases: Databases, site: Site) -> int:
    """Write the letter to everybody of whom nothing is left in either database; give how many."""
    if site.url is None:
        return 0
    written = 0
    while True:
        with databases.backend() as backend:
            due = departures.take_letter(backend)
            if due is None:
                return written
            receipt_id, email, language = due
            # The letter belongs to an id that no member has: once it is sent, its row goes as well.
            found = receipt(backend, receipt_id)
            letters.write(
                backend, letters.ERASED, receipt_id, email, language=language,
                erased=_minute(found.erased_at), completed=_minute(found.completed_at),
                rows=_rows(found), receipt=site.link(f"/receipts/{receipt_id}"),
            )  # fmt: skip
        written += 1


@dataclass(frozen=True, slots=True)
class Line:
    """Say how many rows of one table went, and what the table is for."""

    table: str
    database: str
    purpose: str
    rows: int


def receipt(backend: BackendConnection, receipt_id: UUID) -> Receipt:
    """Find a receipt; raise NotFoundError when there is none."""
    found = departures.receipt(backend, receipt_id)
    if found is None:
        raise NotFoundError("There is no such receipt; its address stands in the letter.")
    return found


def lines(found: Receipt) -> Sequence[Line]:
    """List what was removed, table by table, the backend database's first."""
    return [
        _line(table, rows)
        for counts in (found.removed, found.vectors or {})
        for table, rows in counts.items()
    ]


def _line(table: str, rows: int) -> Line:
    known = dictionary.table(table)
    database = known.database.value if known else ""
    return Line(table, database, known.purpose if known else "", rows)


def _rows(found: Receipt) -> str:
    return "\n".join(f"  {one.rows:6}  {one.table} ({one.database})" for one in lines(found))


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
