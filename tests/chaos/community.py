"""Members who join, speak and leave while things die, and a memory of what was promised to whom."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from app.adapters.postgresql import PostgreSQLAdapter
from app.errors import ReciprocityError
from app.repositories.backend import summaries as summary_rows
from app.repositories.backend import users
from app.services import erasure, summaries

WORDS = (
    "gardening", "tax advice", "piano lessons", "roof repair", "grant writing", "translation",
    "bookkeeping", "choir", "carpentry", "network cables",
)  # fmt: skip


@dataclass
class Community:
    """Act on the backend database; `promised` holds what an answer said was done, for good.

    An action that failed may have been done or not, as when a server dies in the middle of a commit:
    what such a member may look like is not held against anybody.
    """

    databases: PostgreSQLAdapter
    chance: random.Random
    promised: dict[UUID, int] = field(default_factory=dict)  # member → approved version at least
    erased: set[UUID] = field(default_factory=set)
    uncertain: set[UUID] = field(default_factory=set)
    answered: int = 0
    failed: int = 0
    errors: set[str] = field(default_factory=set)
    _count: int = 0

    def act(self) -> None:
        """Do one thing that a member does."""
        kind = self.chance.random()
        if kind < 0.6 or len(self.promised) < 5:
            self._try(self._join)
        elif kind < 0.9:
            member = self.chance.choice(sorted(self.promised))
            self._try(lambda: self._say(member), member)
        else:
            member = self.chance.choice(sorted(self.promised))
            self._try(lambda: self._leave(member), member)

    def _try(self, action: Callable[[], None], member: UUID | None = None) -> None:
        try:
            action()
        except (ReciprocityError, psycopg.Error) as error:
            self.failed += 1
            self.errors.add(type(error).__name__)
            if member is not None:
                self.uncertain.add(member)
                self.promised.pop(member, None)
            time.sleep(0.05)
        else:
            self.answered += 1

    def _texts(self) -> tuple[list[str], list[str]]:
        needs, offers = self.chance.sample(WORDS, 2), self.chance.sample(WORDS, 2)
        return [f"I need {w}, case {self._count}" for w in needs], [f"I give {w}" for w in offers]

    def _join(self) -> None:
        self._count += 1
        needs, offers = self._texts()
        with self.databases.backend() as backend:
            made = users.insert(
                backend,
                email=f"member{self._count}@example.org",
                first_name=f"Member {self._count}",
                last_name="",
                at=datetime.now(UTC),
            )
            assert made is not None
            summaries.draft(backend, made, needs, offers, datetime.now(UTC))
            summaries.approve(backend, made)
        self.promised[made] = 1

    def _say(self, member: UUID) -> None:
        needs, offers = self._texts()
        with self.databases.backend() as backend:
            written = summaries.draft(backend, member, needs, offers, datetime.now(UTC))
            summaries.approve(backend, member)
        self.promised[member] = written.version

    def _leave(self, member: UUID) -> None:
        with self.databases.backend() as backend:
            erasure.erase(backend, member)
        del self.promised[member]
        self.erased.add(member)

    def broken_promises(self) -> list[str]:
        """Hold both databases' rows against what was promised."""
        broken = []
        with self.databases.backend() as backend:
            present = set(users.by_ids(backend, [*self.promised, *self.erased]))
            for member, version in self.promised.items():
                newest = summary_rows.latest(backend, member)
                if member not in present:
                    broken.append(f"{member} was let in and is gone")
                elif newest is None or (newest.version, newest.status) < (version, "approved"):
                    broken.append(f"{member} approved version {version}, and there is {newest}")
            broken += [f"{m} was erased and is back" for m in present & self.erased]
        with self.databases.ai() as ai:
            rows = ai.execute("SELECT DISTINCT user_id FROM embeddings").fetchall()
        broken += [f"{row[0]} was erased and has vectors" for row in rows if row[0] in self.erased]
        return broken
