"""Let members report somebody they were introduced to; those who run this place look at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend import decisions, reports
from app.repositories.backend.reports import Report
from app.services import disclosure, limits
from app.services.steps import Databases

LONGEST_TEXT: Final = 4000
REASONS: Final[Mapping[str, str]] = {
    "harassment": "They insult, threaten or press me",
    "spam": "They advertise or sell",
    "fraud": "They are not who they say, or want money",
    "inappropriate": "What they write does not belong here",
    "other": "Something else",
}


def report(databases: Databases, user_id: UUID, match_id: UUID, reason: str, text: str) -> UUID:
    """Report whom a member has this match with; give the report's id.

    Raises NotFoundError when the match is not theirs, InvalidInputError for a reason that is none.
    """
    if reason not in REASONS:
        raise InvalidInputError("Choose what is wrong, so that the right people look at it.")
    checked_text(text, what="text", longest=LONGEST_TEXT)
    limits.take(databases, limits.REPORTS, str(user_id))
    with databases.backend() as backend:
        match = decisions.locked(backend, match_id, user_id)
        if match is None:
            raise NotFoundError("There is no such introduction; it may have been withdrawn.")
        return reports.add(
            backend,
            reporter_id=user_id,
            about_id=match.partner_id,
            match_id=match_id,
            reason=reason,
            text=text.strip(),
            at=datetime.now(UTC),
        )


def of_member(
    backend: BackendConnection,
    user_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Report]:
    """List what a member has reported, the newest first."""
    return reports.of_member(backend, user_id, limit=limit, after=after)


def name_of(backend: BackendConnection, user_id: UUID, match_id: UUID) -> str:
    """Name whom a member has this match with; raise NotFoundError when it is not theirs."""
    match = decisions.locked(backend, match_id, user_id)
    if match is None:
        raise NotFoundError("There is no such introduction; it may have been withdrawn.")
    return disclosure.shown(backend, [match.partner_id])[match.partner_id].name
