"""Find one member's best partners: by looking at everybody, or, in a large community, by the index.

The index is asked first and the rules come second, so it is asked again, wider, while the rules leave
a list short; at last everybody is looked at. A list is short only when the people are exhausted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching.pairs import Pair
from app.domain.matching.reasons import Couple, pair
from app.domain.matching.scores import Calibration
from app.repositories.ai import candidates
from app.repositories.backend import eligibility

Method = Literal["exact", "approximate"]

# Couples asked for, and HNSW's ef_search, at the first and at the second asking.
ASKINGS: Final = ((200, 400), (1_000, 1_000))


@dataclass(slots=True)
class Search:
    """Carry the search for one member from step to step.

    `eligible` None means that nobody was asked yet. `method` is exact until an index was believed.
    """

    user_id: UUID
    decided: frozenset[UUID]
    near: Sequence[UUID] = ()
    eligible: Sequence[UUID] = ()
    method: Method = "exact"
    scored: list[Pair] = field(default_factory=list)


def ask_index(ai: AIConnection, search: Search, model: str, dimensions: int, asking: int) -> None:
    """Ask the couples' index for members near in both directions."""
    limit, breadth = ASKINGS[asking]
    search.near = candidates.nearest(
        ai, model, dimensions, search.user_id, limit=limit, breadth=breadth
    )
    search.method = "approximate"


def keep_eligible(backend: BackendConnection, search: Search) -> None:
    """Keep, of those the index named, whoever the rules leave."""
    allowed = eligibility.among(backend, search.near)
    search.eligible = [m for m in search.near if m in allowed and m not in search.decided]


def look_at(search: Search, members: Collection[UUID]) -> None:
    """Have everybody looked at whom the rules leave."""
    search.eligible = [member for member in members if member not in search.decided]
    search.method = "exact"


def rank(
    ai: AIConnection, search: Search, model: str, calibration: Calibration, limit: int
) -> None:
    """Score the eligible members exactly, the best first, at most `limit` of them."""
    found = candidates.exact(ai, model, search.user_id, search.eligible, calibration, limit=limit)
    gains: dict[UUID, list[Couple]] = defaultdict(list)
    gives: dict[UUID, list[Couple]] = defaultdict(list)
    for couple in candidates.couples(ai, model, search.user_id, [c.user_id for c in found]):
        side = gains if couple.i_gain else gives
        side[couple.partner_id].append(Couple(couple.need_id, couple.offer_id, couple.cosine))
    made = (pair(search.user_id, other, gains[other], gives[other], calibration) for other in gains)
    search.scored = sorted((p for p in made if p is not None), key=lambda p: (-p.score, p.a, p.b))
