"""Observe both databases: what stands in them, not what some process believes it did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.databases.names import Database
from app.errors import ReciprocityError
from app.repositories.ai import digests as ai_digests
from app.repositories.ai import vector_sets
from app.repositories.backend import digests, outbox, sight
from app.services.steps import Databases

# Work that waits longer than this is not being looked at.
WAITS_TOO_LONG: Final = timedelta(minutes=5)
RUNS_TOO_SELDOM: Final = timedelta(hours=26)  # the nightly run, and some


@dataclass(slots=True)
class Observation:
    """Hold what was seen; what a database that did not answer would have said is None.

    `without_vectors` counts members whose approved summary has no vectors of its version, `untended`
    those of them for whom no work waits; `orphans` counts members with vectors and no such summary.
    """

    at: datetime
    seconds: float = 0.0
    down: dict[Database, str] = field(default_factory=dict)
    stages: dict[str, int] | None = None
    work: dict[tuple[str, str], int] | None = None
    backlog: outbox.Backlog | None = None
    webhooks: dict[tuple[str, str], int] | None = None
    runs: sight.LastRuns | None = None
    vectors: vector_sets.VectorSet | None = None
    with_vectors: int | None = None
    without_vectors: int | None = None
    untended: int | None = None
    orphans: int | None = None
    orphans_untended: int | None = None

    def wrong(self, *, model: str | None = None) -> list[str]:
        """Say in words what is not as it should be; an empty list says that all is well."""
        return [*self._work(), *self._webhooks(), *self._vectors(model), *self._matching()]

    def _work(self) -> list[str]:
        told = []
        if self.backlog is not None and self.backlog.oldest > WAITS_TOO_LONG.total_seconds():
            told.append(
                f"Work has waited in the outbox for {_duration(self.backlog.oldest)}: is a worker"
                " running, and does it reach the broker and both databases?"
            )
        if self.backlog is not None and self.backlog.dead:
            told.append(
                f"{self.backlog.dead} pieces of work were given up: `reciprocity dead-letters list`."
            )
        return told

    def _webhooks(self) -> list[str]:
        failed = sum(n for (_, state), n in (self.webhooks or {}).items() if state == "failed")
        if not failed:
            return []
        told = (
            f"{failed} webhooks failed for good: `reciprocity webhooks list --state failed` names"
        )
        return [f"{told} them, `reciprocity webhooks replay` sends them again."]

    def _vectors(self, model: str | None) -> list[str]:
        told = []
        if self.untended:
            told.append(
                f"{self.untended} members have an approved summary and no vectors of it, and no"
                " work waits for them, so they get no matches: `reciprocity reconcile`."
            )
        if self.orphans_untended:
            told.append(
                f"{self.orphans_untended} members have vectors and no summary that asks for them:"
                " `reciprocity reconcile` removes these."
            )
        if model and self.vectors and self.with_vectors and self.vectors.embedder != model:
            told.append(
                f"The vectors that serve were made by {self.vectors.embedder}, and this process is"
                f" set to {model}: nobody is matched until one of the two is changed"
                " (`reciprocity rebuild ai`)."
            )
        return told

    def _matching(self) -> list[str]:
        told = []
        if self.runs is not None and self.runs.state == "failed":
            told.append(f"The last matching run failed: {self.runs.reason}")
        approved = (self.stages or {}).get("approved", 0)
        done = self.runs.succeeded_at if self.runs is not None else None
        if approved > 1 and done is not None and self.at - done > RUNS_TOO_SELDOM:
            age = _duration((self.at - done).total_seconds())
            told.append(f"The last successful matching run was {age} ago: is a worker running?")
        return told


def observe(databases: Databases) -> Observation:
    """Look at both databases, one after the other; one that does not answer is told, not raised."""
    seen, begun = Observation(datetime.now(UTC)), time.perf_counter()
    vectors: dict[UUID, int] | None = None
    try:
        # First, so that whoever has vectors and, later, no summary has truly left.
        with databases.ai() as ai:
            seen.vectors = vector_sets.current(ai)
            vectors = ai_digests.versions(ai, seen.vectors.name) if seen.vectors else {}
            seen.with_vectors = len(vectors)
    except ReciprocityError as error:
        seen.down[Database.AI] = str(error)
    try:
        with databases.backend() as backend:
            seen.stages = sight.members_by_stage(backend)
            seen.work = sight.outbox_by_topic(backend)
            seen.backlog = outbox.backlog(backend)
            seen.webhooks = sight.webhooks_by_state(backend)
            seen.runs = sight.last_runs(backend)
            if vectors is not None:
                summaries = digests.versions(backend)
                lacking = [m for m, version in summaries.items() if vectors.get(m) != version]
                orphans = list(vectors.keys() - summaries.keys())
                seen.without_vectors, seen.orphans = len(lacking), len(orphans)
                seen.untended = len(lacking) - sight.open_work(backend, lacking)
                seen.orphans_untended = len(orphans) - sight.open_work(backend, orphans)
    except ReciprocityError as error:
        seen.down[Database.BACKEND] = str(error)
    seen.seconds = time.perf_counter() - begun
    return seen


class Observer:
    """Observe at most every so many seconds, however often and by how many it is asked."""

    def __init__(
        self,
        databases: Databases,
        *,
        every: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._databases = databases
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._last: tuple[float, Observation] | None = None

    def look(self) -> Observation:
        """Give what was seen within the last seconds, or look again."""
        with self._lock:
            if self._last is None or self._clock() - self._last[0] >= self._every:
                self._last = (self._clock(), observe(self._databases))
            return self._last[1]


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    return f"{hours:.0f} hours" if hours >= 2 else f"{minutes:.0f} minutes"  # noqa: PLR2004 - two of a unit
