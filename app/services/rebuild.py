"""Make all vectors anew beside those that serve, prove them equal by digests, and go over to them.

A change of the embedding model goes the same way. Until the switch nothing that serves is touched;
after it, the matches that stand are replaced in one transaction by the first run over the new
vectors, so that nobody is without matches at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from app.databases.connections import MigratingAIConnection
from app.databases.errors import DatabaseUnavailableError
from app.errors import ReciprocityError
from app.repositories.ai import embeddings, models, vector_sets
from app.repositories.backend import outbox
from app.services import embed, model_registry, reconcile, steps, topics
from app.services.ports import Embedder
from app.services.reconcile import Reconciliation
from app.services.steps import Databases

BATCH: Final = 500  # members a transaction
MOST_PASSES: Final = 10  # each pass makes what was approved during the one before


class RebuildError(ReciprocityError):
    """The new vectors could not be completed; the old ones serve on."""

    code = "rebuild"


class BuildingDatabases(Databases, Protocol):
    """Open transactions, and connections that may build indexes."""

    def migrating_ai(self) -> AbstractContextManager[MigratingAIConnection]:
        """Open a connection that may change the shape of the AI database."""
        ...


@dataclass(slots=True)
class Rebuild:
    """Build one set of vectors with one model; `progress` is told of each number of members done."""

    databases: BuildingDatabases
    embedder: Embedder
    progress: Callable[[int], None] = lambda _count: None
    vector_set: str = ""
    made: int = 0
    failed: dict[UUID, str] = field(default_factory=dict)

    def run(self) -> Reconciliation:
        """Build, prove and switch; give the comparison that was equal just before the switch.

        An interrupted build is continued. Raises RebuildError, with the old vectors serving on,
        when a member's vectors cannot be made.
        """
        model = self.embedder
        with self.databases.ai() as ai:
            self.vector_set = vector_sets.build_beside(
                ai, model.model, model.dimensions, datetime.now(UTC)
            )
        self._until_equal()
        self._index()
        proof = self._until_equal()
        with self.databases.ai() as ai:
            vector_sets.switch(ai, self.vector_set)
        # Whatever was approved between the proof and the switch went to the old set.
        reconcile.reconcile(self.databases)
        with self.databases.backend() as backend:
            outbox.add_for_everybody(backend, topics.MATCH_SYNC)
        return proof

    def _until_equal(self) -> Reconciliation:
        for _ in range(MOST_PASSES):
            found = reconcile.compare(self.databases, self.vector_set)
            if not len(found.found):
                return found
            self._fill(found)
            if self.failed.keys() - found.given_up:
                raise RebuildError(self._what_failed())
            if set(self._to_make(found)) <= self.failed.keys():
                return found  # but for those on whom the work was given up before
        raise RebuildError(
            f"After {MOST_PASSES} passes members still change faster than vectors are made; the old"
            " vectors serve on. Run it again at a quieter hour: it goes on where it stopped."
        )

    @staticmethod
    def _to_make(found: Reconciliation) -> list[UUID]:
        return sorted({*found.found.missing, *found.found.outdated, *found.found.ahead})

    def _fill(self, found: Reconciliation) -> None:
        with self.databases.ai() as ai:
            gone = [*found.found.orphans, *found.found.ahead]
            embeddings.remove_from(ai, self.vector_set, gone)
        members = self._to_make(found)
        for begin in range(0, len(members), BATCH):
            batch = members[begin : begin + BATCH]
            self._embed(batch)
            self.progress(len(batch))

    def _embed(self, members: Sequence[UUID]) -> None:
        job = embed.EmbedJob(self.embedder, members, vector_set=self.vector_set)
        try:
            steps.run(self.databases, embed.FILL, job)
        except DatabaseUnavailableError:
            raise
        except Exception as error:
            if len(members) > 1:
                for member in members:
                    self._embed([member])
            elif isinstance(error, ReciprocityError | ValueError):
                self.failed[members[0]] = str(error)
            else:
                raise
        else:
            self.made += len(job.sets)

    def _what_failed(self) -> str:
        member, reason = next(iter(self.failed.items()))
        return (
            f"The vectors of {len(self.failed)} members cannot be made, the first of them"
            f" {member}: {reason}. Nothing was switched; the old vectors serve on. Mend the cause"
            " and run it again: it goes on where it stopped."
        )

    def _index(self) -> None:
        with self.databases.migrating_ai() as ai:
            ai.autocommit = True
            ai.execute("SET statement_timeout = 0")
            models.drop_indexes(ai, self.vector_set)  # one that was interrupted would not serve
            model_registry.index(ai, self.vector_set, self.embedder.dimensions)


def drop_others(databases: BuildingDatabases) -> list[str]:
    """Remove every set of vectors that does not serve; give their names."""
    with databases.ai() as ai:
        names = vector_sets.others(ai)
    for name in names:
        with databases.ai() as ai:
            vector_sets.empty(ai, name)
        with databases.migrating_ai() as migrating:
            vector_sets.forget(migrating, name)
    return names
