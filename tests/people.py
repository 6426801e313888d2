"""Small communities whose members say what the test wants them to say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.adapters.postgresql import PostgreSQLAdapter
from app.errors import ReciprocityError
from app.repositories.backend import users
from app.services import introductions, match_sync, summaries
from app.workers.relay import Relay

Floats = NDArray[np.float32]


class PoisonError(ReciprocityError):
    """A text that no model of the tests takes."""


@lru_cache(maxsize=4096)
def _direction(word: str, dimensions: int) -> Floats:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    drawn: Floats = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    return drawn


@dataclass(frozen=True)
class WordEmbedder:
    """Give texts vectors by the words they hold: the more words two share, the nearer they are.

    The word "poison" fails, as a text does that a model cannot take.
    """

    model: str = "words"
    dimensions: int = 64
    asked: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Floats:
        self.asked.extend(texts)
        if any("poison" in text for text in texts):
            raise PoisonError("a text holds the word poison; leave it out")
        rows = [sum(_direction(w, self.dimensions) for w in text.lower().split()) for text in texts]
        table = np.array(rows, dtype=np.float32).reshape(len(texts), self.dimensions)
        unit: Floats = table / np.linalg.norm(table, axis=1, keepdims=True)
        return unit


@dataclass
class People:
    """Let members join, say things and be matched, on the databases of one test."""

    databases: PostgreSQLAdapter
    embedder: WordEmbedder = field(default_factory=WordEmbedder)

    @property
    def relay(self) -> Relay:
        """Be a worker that does what is due when it is told to look."""
        return Relay(self.databases, self.embedder)

    def join(
        self, name: str, needs: Iterable[str], offers: Iterable[str], *, approve: bool = True
    ) -> UUID:
        """Sign somebody up with a summary; give their id."""
        with self.databases.backend() as backend:
            user_id = users.insert(
                backend,
                email=f"{name.lower()}@example.org",
                first_name=name,
                last_name="",
                at=datetime.now(UTC),
            )
        assert user_id is not None
        self.say(user_id, needs, offers, approve=approve)
        return user_id

    def say(
        self, user_id: UUID, needs: Iterable[str], offers: Iterable[str], *, approve: bool = True
    ) -> None:
        """Have a member say something new."""
        with self.databases.backend() as backend:
            summaries.draft(backend, user_id, list(needs), list(offers), datetime.now(UTC))
            if approve:
                summaries.approve(backend, user_id)

    def crowd(self, count: int, *, first: int = 0) -> list[UUID]:
        """Let people join who all fit each other, each a little differently."""
        return [
            self.join(
                f"Member{number}",
                [f"help with gardening number{number % 7} plot{number % 5}"],
                [f"help with gardening number{number % 3} shed{number % 11}"],
            )
            for number in range(first, first + count)
        ]

    def match(self, *user_ids: UUID) -> match_sync.MatchJob:
        """Make the lists of these members anew; of everybody when nobody is named."""
        job = match_sync.MatchJob(self.embedder, list(user_ids) or None, trigger="test")
        return match_sync.run(self.databases, job)

    def list_of(self, user_id: UUID, limit: int = 100) -> introductions.List:
        """Read a member's list as every face shows it."""
        with self.databases.backend() as backend:
            return introductions.of_member(backend, user_id, limit=limit)

    def partners_of(self, user_id: UUID) -> list[UUID]:
        """Name the members in somebody's list, the best first."""
        return [one.partner_id for one in self.list_of(user_id).introductions]

    def matched_with(self, user_id: UUID) -> set[UUID]:
        """Name everybody with whom somebody has a match that a round may introduce."""
        with self.databases.backend() as backend:
            rows = backend.execute(
                "SELECT user_a_id, user_b_id FROM matches WHERE %s IN (user_a_id, user_b_id)",
                (user_id,),
            ).fetchall()
        return {member for row in rows for member in row} - {user_id}

    def decide(self, member: UUID, other: UUID, decision: str) -> None:
        """Write a member's decision into the pair's one row."""
        column = "user_a_decision" if member < other else "user_b_decision"
        statement = {
            "user_a_decision": "UPDATE matches SET user_a_decision = %s::matches_decision_enum"
            " WHERE user_a_id = %s AND user_b_id = %s",
            "user_b_decision": "UPDATE matches SET user_b_decision = %s::matches_decision_enum"
            " WHERE user_a_id = %s AND user_b_id = %s",
        }[column]
        with self.databases.backend() as backend:
            changed = backend.execute(statement, (decision, *sorted((member, other))))
            assert changed.rowcount == 1
