"""Erase a member: at once in the backend database, and by the outbox in the AI database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.errors import NotFoundError
from app.repositories.ai import embeddings
from app.repositories.backend import erasure, outbox
from app.services import topics
from app.services.steps import OnAI, OnBackend, Step


def erase(backend: BackendConnection, user_id: UUID) -> None:
    """Remove an account with everything it said and every match it is in.

    The vectors follow: the work that removes them stands in the same transaction. Raises
    NotFoundError when there is no such account, or no longer.
    """
    if not erasure.lock(backend, user_id):
        raise NotFoundError(f"No member has the id {user_id}; nobody was erased.")
    erasure.remove(backend, user_id)
    outbox.add(backend, topics.ERASE, [user_id])


@dataclass(slots=True)
class EraseJob:
    """Carry the members whose vectors go."""

    user_ids: Sequence[UUID]
    event_ids: Sequence[int] = ()


def _remove_vectors(ai: AIConnection, job: EraseJob) -> None:
    embeddings.erase(ai, job.user_ids, datetime.now(UTC))


def _done(backend: BackendConnection, job: EraseJob) -> None:
    outbox.done(backend, job.event_ids)


STEPS: Sequence[Step[EraseJob]] = (
    OnAI("remove vectors", _remove_vectors),
    OnBackend("close erasure", _done),
)
