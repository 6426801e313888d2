"""Compare the two databases and mend what differs: vectors follow summaries, never the other way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.digests import Differences, Known, differences, differing_buckets
from app.repositories.ai import digests as ai_digests
from app.repositories.ai import embeddings, vector_sets
from app.repositories.backend import digests as backend_digests
from app.repositories.backend import outbox
from app.services import steps, topics
from app.services.steps import Databases, OnAI, OnBackend, Outside, Step, Timings


@dataclass(slots=True)
class Reconciliation:
    """Carry what one step leaves to the next, and at the end what was found and done.

    `vector_set` None means the one that serves.
    `under_way` are members whose work waits in the outbox, `given_up` those whose work is dead: it
    is not caused anew, a person has to look. `mended` counts the others, when mending was asked for.
    """

    mend: bool
    vector_set: str | None = None
    of_vectors: dict[str, bytes] = field(default_factory=dict)
    of_summaries: dict[str, bytes] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    vectors: dict[UUID, Known] = field(default_factory=dict)
    found: Differences = field(default_factory=Differences)
    under_way: frozenset[UUID] = frozenset()
    given_up: frozenset[UUID] = frozenset()
    mended: int = 0

    @property
    def equal(self) -> bool:
        """Say whether both databases say the same of everybody."""
        return not self.differing

    def to_mend(self, members: Sequence[UUID]) -> list[UUID]:
        """Leave out whoever is worked on already, or was given up."""
        return [m for m in members if m not in self.under_way and m not in self.given_up]


def reconcile(
    databases: Databases, *, mend: bool = True, timings: Timings | None = None
) -> Reconciliation:
    """Compare the vectors that serve with the summaries; mend each difference unless told not to.

    Missing and outdated vectors are made by the worker; orphans are removed at once.
    """
    return steps.run(databases, STEPS, Reconciliation(mend), timings)


def compare(databases: Databases, vector_set: str | None = None) -> Reconciliation:
    """Compare one set of vectors, the serving one without a name, with the summaries."""
    job = Reconciliation(mend=False, vector_set=vector_set)
    return steps.run(databases, COMPARE, job)


def _digest_vectors(ai: AIConnection, job: Reconciliation) -> None:
    serving = vector_sets.current(ai)
    if job.vector_set is None and serving is not None:
        job.vector_set = serving.name
    if job.vector_set is not None:
        job.of_vectors = ai_digests.buckets(ai, job.vector_set)


def _digest_summaries(backend: BackendConnection, job: Reconciliation) -> None:
    job.of_summaries = backend_digests.buckets(backend)


def _compare_buckets(job: Reconciliation) -> None:
    job.differing = differing_buckets(job.of_summaries, job.of_vectors)


def _list_vectors(ai: AIConnection, job: Reconciliation) -> None:
    # Before the summaries: whoever has vectors and, later, no summary has truly left.
    if job.differing and job.vector_set is not None:
        job.vectors = ai_digests.members(ai, job.vector_set, job.differing)


def _compare_members(backend: BackendConnection, job: Reconciliation) -> None:
    if not job.differing:
        return
    job.found = differences(backend_digests.members(backend, job.differing), job.vectors)
    found = job.found
    all_of_them = [*found.missing, *found.outdated, *found.ahead, *found.orphans]
    work = backend_digests.under_work(backend, all_of_them)
    job.under_way = frozenset(member for member, dead in work.items() if not dead)
    job.given_up = frozenset(member for member, dead in work.items() if dead)


def _remove(ai: AIConnection, job: Reconciliation) -> None:
    # Vectors of a version that is no more would refuse the older one that counts again.
    gone = job.to_mend(job.found.orphans + job.found.ahead)
    if job.mend and gone:
        embeddings.remove(ai, gone)


def _cause_embedding(backend: BackendConnection, job: Reconciliation) -> None:
    found = job.found
    again = job.to_mend(found.missing + found.outdated + found.ahead)
    if job.mend:
        if again:
            outbox.add(backend, topics.EMBED, again)
        job.mended = len(again) + len(job.to_mend(found.orphans))


COMPARE: Sequence[Step[Reconciliation]] = (
    OnAI("digest vectors", _digest_vectors),
    OnBackend("digest summaries", _digest_summaries),
    Outside("compare buckets", _compare_buckets),
    OnAI("list vectors", _list_vectors),
    OnBackend("compare members", _compare_members),
)
STEPS: Sequence[Step[Reconciliation]] = (
    *COMPARE,
    OnAI("remove orphans", _remove),
    OnBackend("cause embedding", _cause_embedding),
)
