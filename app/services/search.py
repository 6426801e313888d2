"""Find one member's best partners: by looking at everybody, or, in a large community, by the index.

Vectors are asked first and the rules come second, so that one newcomer does not have to read who
everybody is. Where the rules leave a list short the vectors are asked again, for more; at last whoever
the rules leave is looked at. A list is short only when the people are exhausted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching.adjustments import adjusted
from app.domain.matching.pairs import Pair
from app.domain.matching.reasons import pairs
from app.repositories.ai import candidates
from app.repositories.backend import eligibility
from app.services import judgement
from app.services.judgement import Judgement

Method = Literal["exact", "approximate"]

# Couples asked for, and HNSW's ef_search, at the first and at the second asking.
ASKINGS: Final = ((200, 400), (1_000, 1_000))


@dataclass(slots=True)
class Search:
    """Carry the search for one member from step to step.

    `removed` counts by rule whom the rules left out. `method` is exact until an index was believed.
    `ranked` says that whoever is near came in the exact order of their scores, `exhausted` that
    there is nobody else.
    """

    user_id: UUID
    decided: frozenset[UUID]
    near: Sequence[UUID] = ()
    eligible: Sequence[UUID] = ()
    method: Method = "exact"
    ranked: bool = False
    exhausted: bool = False
    judged_by: Judgement = field(default_factory=Judgement)
    removed: Counter[str] = field(default_factory=Counter)
    scored: list[Pair] = field(default_factory=list)


def ask_index(ai: AIConnection, search: Search, model: str, dimensions: int, asking: int) -> None:
    """Ask the couples' index for members near in both directions."""
    limit, breadth = ASKINGS[asking]
    search.near = candidates.nearest(
        ai, model, dimensions, search.user_id, limit=limit, breadth=breadth
    )
    search.method = "approximate"


def ask_everybody(ai: AIConnection, search: Search, model: str, asking: int) -> None:
    """Look at everybody's vectors for the best, whom the rules are then applied to."""
    limit, _ = ASKINGS[asking]
    calibration = search.judged_by.calibration
    found = candidates.exact(ai, model, search.user_id, None, calibration, limit=limit)
    search.near = [one.user_id for one in found]
    search.ranked, search.exhausted = True, len(found) < limit


def keep_eligible(backend: BackendConnection, search: Search, model: str) -> None:
    """Keep, of those the index named, whoever the rules leave."""
    allowed = eligibility.among(backend, search.near)
    near = [member for member in search.near if member in allowed]
    _apply_rules(search, near, judgement.for_members(backend, model, [search.user_id], near))


def look_at(search: Search, members: Collection[UUID], judged_by: Judgement) -> None:
    """Have everybody looked at whom the rules leave."""
    _apply_rules(search, members, judged_by)
    search.method, search.ranked, search.exhausted = "exact", False, True


def _apply_rules(search: Search, members: Collection[UUID], judged_by: Judgement) -> None:
    search.judged_by, search.removed = judged_by, Counter()
    kept = []
    for member in members:
        if member in search.decided or member == search.user_id:
            continue
        rule = judged_by.rule_between(search.user_id, member)
        if rule is None:
            kept.append(member)
        else:
            search.removed[rule] += 1
    search.eligible = kept


def rank(ai: AIConnection, search: Search, model: str, limit: int) -> None:
    """Score the eligible members exactly, the best first, at most `limit` of them.

    What decisions taught about fields re-orders those: it is applied after the vectors' limit.
    """
    judged_by, me = search.judged_by, search.user_id
    calibration = judged_by.calibration
    best = search.eligible[:limit]
    if not search.ranked:
        found = candidates.exact(ai, model, me, search.eligible, calibration, limit=limit)
        best = [one.user_id for one in found]
    gains, gives = candidates.best_couples(ai, model, me, best)
    search.scored = sorted(
        (
            adjusted(p, judged_by.penalty(p.a, p.b), judged_by.penalty(p.b, p.a))
            for p in pairs(me, gains, gives, calibration)
        ),
        key=lambda p: (-p.score, p.a, p.b),
    )
