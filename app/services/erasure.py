"""Erase a member: at once in the backend database, and by the outbox in the AI database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.errors import NotFoundError
from app.repositories.ai import embeddings, holdings
from app.repositories.ai.holdings import Holding
from app.repositories.backend import departures, erasure, farewells, feeds, outbox
from app.services import member_languages, topics
from app.services.steps import OnAI, OnBackend, Step


def erase(backend: BackendConnection, user_id: UUID, *, email: str | None = None) -> UUID:
    """Remove an account with everything it said and every match it is in; give the receipt's id.

    The vectors follow: the work that removes them stands in the same transaction. Whoever talked
    with the member keeps their own words. A receipt goes to `email`, where one is named. Raises
    NotFoundError when there is no such account, or no longer.
    """
    if not erasure.lock(backend, user_id):
        raise NotFoundError("No member has the id {member}; nobody was erased.", member=user_id)
    at = datetime.now(UTC)
    stayed = farewells.keep(backend, user_id, at)
    language = member_languages.of_member(backend, user_id)
    removed = erasure.remove(backend, user_id)
    receipt_id = departures.add_receipt(backend, user_id, email, removed, at, language)
    outbox.add(backend, topics.ERASE, [user_id])
    feeds.bump(backend, stayed)
    return receipt_id


@dataclass(slots=True)
class EraseJob:
    """Carry the members whose vectors go."""

    user_ids: Sequence[UUID]
    event_ids: Sequence[int] = ()
    holdings: Sequence[Holding] = ()


def _count(ai: AIConnection, job: EraseJob) -> None:
    job.holdings = holdings.of_members(ai, job.user_ids)


def _note(backend: BackendConnection, job: EraseJob) -> None:
    """Write the counts down before anything goes: done again, there would be nothing to count."""
    counts: dict[UUID, dict[str, int]] = {user_id: {} for user_id in job.user_ids}
    for one in job.holdings:
        mine = counts[one.user_id]
        mine[one.table] = mine.get(one.table, 0) + one.rows
    departures.note_vectors(backend, list(counts), list(counts.values()))


def _remove_vectors(ai: AIConnection, job: EraseJob) -> None:
    embeddings.erase(ai, job.user_ids, datetime.now(UTC))


def _done(backend: BackendConnection, job: EraseJob) -> None:
    departures.complete(backend, job.user_ids, datetime.now(UTC))
    outbox.done(backend, job.event_ids)


STEPS: Sequence[Step[EraseJob]] = (
    OnAI("count vectors", _count),
    OnBackend("note what goes", _note),
    OnAI("remove vectors", _remove_vectors),
    OnBackend("close erasure", _done),
)
