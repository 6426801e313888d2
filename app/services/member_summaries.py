"""Let a member see, change and approve what they need and offer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.domain.member_rows import LONGEST_STATEMENT, MOST_STATEMENTS
from app.domain.statements import Kind, Minor
from app.errors import InvalidInputError
from app.repositories.backend import statements, summaries
from app.services import summaries as written


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """Hold what a member's newest summary says; `version` 0 and no status when there is none.

    `minor_needs` and `minor_offers` are those of the needs and offers that do not count in full.
    """

    version: int
    status: str
    needs: Sequence[str]
    offers: Sequence[str]
    minor_needs: Sequence[str] = ()
    minor_offers: Sequence[str] = ()


def of_member(backend: BackendConnection, user_id: UUID) -> MemberSummary:
    """Read the newest version of a member's summary."""
    newest = summaries.latest(backend, user_id)
    if newest is None:
        return MemberSummary(0, "", (), ())
    said = statements.of_summary(backend, newest.id)
    needs, offers = ([s.text for s in said if s.kind is kind] for kind in (Kind.NEED, Kind.OFFER))
    minor = Minor.of(said)
    return MemberSummary(
        newest.version,
        newest.status,
        tuple(needs),
        tuple(offers),
        tuple(text for text in needs if text in minor.needs),
        tuple(text for text in offers if text in minor.offers),
    )


def put(
    backend: BackendConnection,
    user_id: UUID,
    needs: Sequence[str],
    offers: Sequence[str],
    *,
    minor_needs: Sequence[str] | None = None,
    minor_offers: Sequence[str] | None = None,
) -> MemberSummary:
    """Write the next version as a draft, words as typed; nothing when it is the same as before.

    `minor_needs` and `minor_offers` name those of them that are minor, by the same words; None leaves
    the importance that the words had. Raises InvalidInputError for one that is not among them.
    """
    checked = _checked(needs, "need"), _checked(offers, "offer")
    newest = of_member(backend, user_id)
    minor = Minor(frozenset(newest.minor_needs), frozenset(newest.minor_offers)).changed(
        _among(minor_needs, checked[0]), _among(minor_offers, checked[1])
    )
    written.draft(backend, user_id, *checked, datetime.now(UTC), minor=minor)
    return of_member(backend, user_id)


def _among(typed: Sequence[str] | None, said: Collection[str]) -> frozenset[str] | None:
    """Check that what is called minor is said at all."""
    if typed is None:
        return None
    minor = frozenset(one.strip() for one in typed if one.strip())
    if not minor.issubset(said):
        raise InvalidInputError(
            "What counts less must be one of the needs or offers, in the same words."
        )
    return minor


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
