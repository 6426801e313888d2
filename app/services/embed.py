"""Make the vectors of approved summaries: each member's all at once, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.statements import content_hash
from app.repositories.ai import embeddings, models
from app.repositories.backend import outbox, statements
from app.services import topics
from app.services.ports import Embedder
from app.services.steps import OnAI, OnBackend, Outside, Step


@dataclass(slots=True)
class EmbedJob:
    """Carry what one step of the task leaves to the next."""

    embedder: Embedder
    user_ids: Sequence[UUID]
    event_ids: Sequence[int] = ()
    said: dict[UUID, statements.Said] = field(default_factory=dict)
    sets: list[embeddings.MemberVectorSet] = field(default_factory=list)
    stored: frozenset[UUID] = frozenset()


def _read(backend: BackendConnection, job: EmbedJob) -> None:
    job.said = statements.approved(backend, job.user_ids)


def _drop_current(ai: AIConnection, job: EmbedJob) -> None:
    """Leave out whoever has these very vectors already: a task may run twice."""
    models.register(ai, job.embedder.model, job.embedder.dimensions, datetime.now(UTC))
    stored = embeddings.stored(ai, job.embedder.model, list(job.said))
    job.stored = frozenset(
        user_id
        for user_id, said in job.said.items()
        if (known := stored.get(user_id)) is not None
        and known == embeddings.Stored(said.version, content_hash(said.statements))
    )


def _embed(job: EmbedJob) -> None:
    fresh = [said for user_id, said in job.said.items() if user_id not in job.stored]
    texts = [statement.text for said in fresh for statement in said.statements]
    vectors = iter(job.embedder.embed(texts)) if texts else iter(())
    job.sets = [
        embeddings.MemberVectorSet(
            said.user_id,
            said.version,
            content_hash(said.statements),
            tuple(
                embeddings.StatementVector(statement.id, statement.kind, next(vectors))
                for statement in said.statements
            ),
        )
        for said in fresh
    ]


def _store(ai: AIConnection, job: EmbedJob) -> None:
    if job.sets:
        stored = embeddings.put(ai, job.embedder.model, job.sets, datetime.now(UTC))
        job.stored |= stored


def _cause_matching(backend: BackendConnection, job: EmbedJob) -> None:
    if job.stored:
        outbox.add(backend, topics.MATCH_SYNC, sorted(job.stored))
    outbox.done(backend, job.event_ids)


STEPS: Sequence[Step[EmbedJob]] = (
    OnBackend("read statements", _read),
    OnAI("compare versions", _drop_current),
    Outside("embed", _embed),
    OnAI("store vectors", _store),
    OnBackend("cause matching", _cause_matching),
)
