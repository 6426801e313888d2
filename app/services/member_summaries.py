"""Let a member see, change and approve what they need and offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.domain.member_rows import LONGEST_STATEMENT, MOST_STATEMENTS
from app.domain.statements import Kind
from app.errors import InvalidInputError
from app.repositories.backend import statements, summaries
from app.services import summaries as written


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """Hold what a member's newest summary says; `version` 0 and no status when there is none."""

    version: int
    status: str
    needs: Sequence[str]
    offers: Sequence[str]


def of_member(backend: BackendConnection, user_id: UUID) -> MemberSummary:
    """Read the newest version of a member's summary."""
    newest = summaries.latest(backend, user_id)
    if newest is None:
        return MemberSummary(0, "", (), ())
    said = statements.of_summary(backend, newest.id)
    return MemberSummary(
        newest.version,
        newest.status,
        tuple(one.text for one in said if one.kind is Kind.NEED),
        tuple(one.text for one in said if one.kind is Kind.OFFER),
    )


def put(
    backend: BackendConnection, user_id: UUID, needs: Sequence[str], offers: Sequence[str]
) -> MemberSummary:
    """Write the next version as a draft, words as typed; nothing when they are the same as before."""
    checked = _checked(needs, "need"), _checked(offers, "offer")
    written.draft(backend, user_id, *checked, datetime.now(UTC))
    return of_member(backend, user_id)


def approve(backend: BackendConnection, user_id: UUID) -> MemberSummary:
    """Approve the newest version, which starts the matching; again changes nothing."""
    written.approve(backend, user_id)
    return of_member(backend, user_id)


def _checked(typed: Sequence[str], what: str) -> tuple[str, ...]:
    entries = tuple(dict.fromkeys(one.strip() for one in typed if one.strip()))
    if len(entries) > MOST_STATEMENTS:
        raise InvalidInputError(
            "At most {most} fit; {given} were given.", most=MOST_STATEMENTS, given=len(entries)
        )
    return tuple(checked_text(one, what=what, longest=LONGEST_STATEMENT) for one in entries)
