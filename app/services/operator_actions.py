"""Keep the audit log: whatever an operator sees of a member or changes, noted where it happens.

A note is written in the transaction that reads or changes what it tells of, so that there is never
the one without the other. Details hold no member's words, name or address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError
from app.observability import correlation
from app.repositories.backend import operator_actions, users
from app.repositories.backend.operator_actions import Noted, Operator

PAGE: Final = 50  # rows of one page of the log


class Action(StrEnum):
    """Name what an operator can do; the names stand in the database and never change."""

    SEARCHED = "members_searched"
    SAW_MEMBER = "member_seen"
    EMBED_AGAIN = "embed_again"
    MATCH_AGAIN = "match_again"
    EXPLAINED = "pair_explained"
    LISTED_WORK = "work_listed"
    SAW_WORK = "work_seen"
    RERAN_WORK = "work_rerun"
    DISCARDED_WORK = "work_discarded"
    SAW_REPORTS = "reports_seen"
    SAW_REPORT = "report_seen"
    DISMISSED = "report_dismissed"
    WARNED = "member_warned"
    SUSPENDED = "member_suspended"
    LIFTED = "suspension_lifted"
    MEASURED = "quality_measured"
    READ_LOG = "log_read"


def note(
    backend: BackendConnection,
    operator_id: UUID,
    action: Action,
    *,
    about: Sequence[UUID] = (),
    **details: Any,
) -> None:
    """Note what an operator does, in the open transaction; one row for each member it is about."""
    request = correlation.current().get("request", "")
    operator_actions.add(
        backend, operator_id, action.value, list(about) or [None], details, request
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold a filter as it was typed: an operator's id, a member's address, an action, two days."""

    operator: str = ""
    about: str = ""
    action: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one page of the log; `next` is time and id of its last row when there are more."""

    rows: Sequence[Noted]
    next: tuple[datetime, UUID] | None


def listed(
    backend: BackendConnection,
    operator_id: UUID,
    wanted: Wanted,
    *,
    limit: int = PAGE,
    after: tuple[datetime, UUID] | None = None,
) -> Page:
    """Read the log, the newest first, and note that it was read; raise InvalidInputError."""
    found = operator_actions.listed(backend, _filter(backend, wanted), limit=limit + 1, after=after)
    note(backend, operator_id, Action.READ_LOG)
    rows = found[:limit]
    return Page(rows, (rows[-1].at, rows[-1].id) if len(found) > limit else None)


def of_member(backend: BackendConnection, user_id: UUID, limit: int = 10) -> list[Noted]:
    """List what operators did last about one member."""
    return operator_actions.listed(backend, operator_actions.Filter(about_id=user_id), limit=limit)


def operators(backend: BackendConnection) -> list[Operator]:
    """List those who run this place."""
    return operator_actions.operators(backend)


def _filter(backend: BackendConnection, wanted: Wanted) -> operator_actions.Filter:
    if wanted.action and wanted.action not in {one.value for one in Action}:
        raise InvalidInputError("There is no such action; choose one of the list.")
    until = _day(wanted.until)
    about = wanted.about.strip()
    return operator_actions.Filter(
        operator_id=users.as_id(wanted.operator) if wanted.operator else None,
        about_id=_member(backend, about) if about else None,
        action=wanted.action,
        since=_day(wanted.since),
        until=until + timedelta(days=1) if until else None,
    )


def _member(backend: BackendConnection, about: str) -> UUID:
    return users.by_email(backend, about).id if "@" in about else users.as_id(about)


def _day(typed: str) -> datetime | None:
    if not typed.strip():
        return None
    try:
        day = datetime.strptime(typed.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise InvalidInputError(
            "{typed!r} is no day; write it as 2026-11-22.", typed=typed[:20]
        ) from None
    return datetime.combine(day, time(), UTC)
