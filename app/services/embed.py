"""Make the vectors of approved summaries: each member's all at once, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from app.databases.connections import AIConnection, BackendConnection
from app.domain.statements import content_hash
from app.repositories.ai import embeddings, vector_sets
from app.repositories.backend import haste, outbox, statements
from app.services import topics
from app.services.ports import Embedder
from app.services.steps import OnAI, OnBackend, Outside, Step


@dataclass(slots=True)
class EmbedJob:
    """Carry what one step of the task leaves to the next.

    `vector_set` None means the set that serves; a rebuild names the one it builds beside.
    """

    embedder: Embedder
    user_ids: Sequence[UUID]
    event_ids: Sequence[int] = ()
    vector_set: str | None = None
    said: dict[UUID, statements.Said] = field(default_factory=dict)
    sets: list[embeddings.MemberVectorSet] = field(default_factory=list)
    stored: frozenset[UUID] = frozenset()


def _read(backend: BackendConnection, job: EmbedJob) -> None:
    job.said = statements.approved(backend, job.user_ids)


def _drop_current(ai: AIConnection, job: EmbedJob) -> None:
    """Leave out whoever has these very vectors already: a task may run twice."""
    stored = embeddings.stored(ai, _set(ai, job), list(job.said))
    job.stored = frozenset(
        user_id
        for user_id, said in job.said.items()
        if (known := stored.get(user_id)) is not None
        and known == embeddings.Stored(said.version, content_hash(said.statements))
    )


def _set(ai: AIConnection, job: EmbedJob) -> str:
    """Name the set to work on; asked in each transaction, as another may serve by then."""
    if job.vector_set is not None:
        return job.vector_set
    model = job.embedder
    return vector_sets.adopt(ai, model.model, model.dimensions, datetime.now(UTC))


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
                embeddings.StatementVector(
                    statement.id,
                    statement.kind,
                    next(vectors) * np.float32(statement.importance.weight),
                )
                for statement in said.statements
            ),
        )
        for said in fresh
    ]


def _store(ai: AIConnection, job: EmbedJob) -> None:
    if job.sets:
        stored = embeddings.put(ai, _set(ai, job), job.sets, datetime.now(UTC))
        job.stored |= stored


def _cause_matching(backend: BackendConnection, job: EmbedJob) -> None:
    haste.plan_once_and_trust_memory(backend)  # forgotten, the work is still to be done
    if job.stored:
        outbox.add(backend, topics.MATCH_SYNC, sorted(job.stored))
    outbox.done(backend, job.event_ids)


# The same without matching, for vectors that nobody asks yet.
FILL: Sequence[Step[EmbedJob]] = (
    OnBackend("read statements", _read),
    OnAI("compare versions", _drop_current),
    Outside("embed", _embed),
    OnAI("store vectors", _store),
)
STEPS: Sequence[Step[EmbedJob]] = (*FILL, OnBackend("cause matching", _cause_matching))
