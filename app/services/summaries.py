"""Write and approve summaries: what a member needs and offers, version by version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.statements import Kind, Minor, Statement, summary_text
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend import outbox, statements, summaries, users
from app.services import operator_webhooks, take_over, telling, topics


def draft(
    backend: BackendConnection,
    user_id: UUID,
    needs: Sequence[str],
    offers: Sequence[str],
    at: datetime,
    *,
    facts: Sequence[str] | None = None,
    minor: Minor | None = None,
) -> summaries.Summary:
    """Write the next version of a member's summary as a draft, and complete their onboarding.

    When the newest version says the same already, that one is given and nothing is written. Facts
    stand in the text only; None means that they are not known here, and differ in nothing. So it is
    with `minor`: None leaves each statement the importance that its words had in the newest version.
    """
    if not needs and not offers:
        raise InvalidInputError("A summary needs at least one need or one offer.")
    newest = summaries.latest(backend, user_id)
    said = [] if newest is None else statements.of_summary(backend, newest.id)
    weighed = (Minor.of(said) if minor is None else minor).within(needs, offers)
    text = summary_text(needs, offers, facts or ())
    if (
        newest is not None
        and _texts(said) == (list(needs), list(offers))
        and Minor.of(said) == weighed
        and (facts is None or newest.summary == text)
    ):
        return newest
    written = summaries.create(backend, user_id, text)
    statements.insert(backend, user_id, written.id, needs, offers, at, minor=weighed)
    users.update_onboarding_status(backend, user_id, "completed")
    operator_webhooks.emit(
        backend,
        operator_webhooks.ONBOARDED,
        {"user_id": str(user_id), "version": written.version},
        user_id=user_id,
    )
    if backend.beside_nestjs:
        telling.tell_summary(backend, user_id, text)
    return written


def newest_version(backend: BackendConnection, user_id: UUID) -> int:
    """Give the version of a member's newest summary; 0 when there is none."""
    newest = summaries.latest(backend, user_id)
    return 0 if newest is None else newest.version


def _texts(said: Sequence[Statement]) -> tuple[list[str], list[str]]:
    return (
        [s.text for s in said if s.kind is Kind.NEED],
        [s.text for s in said if s.kind is Kind.OFFER],
    )


def approve(backend: BackendConnection, user_id: UUID) -> summaries.Summary:
    """Approve the newest summary of a member and cause their vectors and matches to be made.

    Approving an approved one again changes nothing and causes nothing. Beside a backend that owns
    summaries, its own approval is taken over, with what was edited there.
    """
    newest = summaries.latest(backend, user_id)
    if newest is None:
        raise NotFoundError("The member {member} has no summary to approve yet.", member=user_id)
    if backend.beside_nestjs:
        take_over.cause(backend, user_id, approved=True)
        return newest
    if newest.status != "approved":
        summaries.approve(backend, newest.id)
        outbox.add(backend, topics.EMBED, [user_id], {"version": newest.version})
        operator_webhooks.emit(
            backend,
            operator_webhooks.APPROVED,
            {"user_id": str(user_id), "version": newest.version},
            user_id=user_id,
        )
    return newest
