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
from app.domain.matching.pairs import Scored
from app.domain.matching.reasons import Couple, scored
from app.repositories.ai import candidates
from app.repositories.backend import eligibility
from app.services import judgement
from app.services.judgement import Judgement

Method = Literal["exact", "approximate"]

# Couples asked for, or members kept, and HNSW's ef_search, at the first and at the second asking.
ASKINGS: Final = ((200, 400), (1_000, 1_000))


@dataclass(slots=True)
class Search:
    """Carry the search for one member from step to step.

    `near` are members in the exact order of their scores, with the couples behind those. `removed`
    counts by rule whom the rules left out. `method` is exact until an index was believed,
    `exhausted` says that there is nobody else, `scored` is None until the pairs are known.
    """

    user_id: UUID
    decided: frozenset[UUID]
    near: Sequence[UUID] = ()
    couples: tuple[Sequence[Couple], Sequence[Couple]] = ((), ())
    eligible: Sequence[UUID] = ()
    method: Method = "exact"
    exhausted: bool = False
    judged_by: Judgement = field(default_factory=Judgement)
    removed: Counter[str] = field(default_factory=Counter)
    scored: list[Scored] | None = None


def ask_index(ai: AIConnection, search: Search, model: str, dimensions: int, asking: int) -> None:
    """Ask the couples' index for members near in both directions, and rank whom it names."""
    limit, breadth = ASKINGS[asking]
    named = candidates.nearest(ai, model, dimensions, search.user_id, limit=limit, breadth=breadth)
    _rank(ai, search, model, named, limit)
    search.method = "approximate"


def ask_everybody(ai: AIConnection, search: Search, model: str, asking: int) -> None:
    """Look at everybody's vectors for the best, whom the rules are then applied to."""
    limit, _ = ASKINGS[asking]
    _rank(ai, search, model, None, limit)
    search.exhausted = len(search.near) < limit


def _rank(
    ai: AIConnection, search: Search, model: str, among: Sequence[UUID] | None, limit: int
) -> None:
    me, calibration = search.user_id, search.judged_by.calibration
    found = candidates.exact(ai, model, me, among, calibration, limit=limit)
    search.near = [one.user_id for one in found]
    search.couples = candidates.best_couples(ai, model, me, search.near)


def keep_eligible(backend: BackendConnection, search: Search, *, enough: int, most: int) -> None:
    """Keep, of those who are near, whoever the rules leave; score at most so many where it is enough."""
    allowed = eligibility.among(backend, search.near)
    near = [member for member in search.near if member in allowed]
    _apply_rules(
        search, near, judgement.with_rules(backend, search.judged_by, [search.user_id], near)
    )
    if search.exhausted or len(search.eligible) >= enough:
        _score(search, most)


def look_at(search: Search, members: Collection[UUID], judged_by: Judgement) -> None:
    """Have everybody looked at whom the rules leave."""
    _apply_rules(search, members, judged_by)
    search.method, search.exhausted = "exact", True


def rank(ai: AIConnection, search: Search, model: str, limit: int) -> None:
    """Score the best of the eligible members, at most `limit` of them."""
    _rank(ai, search, model, search.eligible, limit)
    search.eligible = search.near
    _score(search, limit)


def _apply_rules(search: Search, members: Collection[UUID], judged_by: Judgement) -> None:
    search.judged_by = judged_by
    ruled_out = judged_by.ruled_out(search.user_id)
    undecided = [one for one in members if one not in search.decided and one != search.user_id]
    search.eligible = [one for one in undecided if one not in ruled_out]
    search.removed = Counter(ruled_out[one] for one in undecided if one in ruled_out)


def _score(search: Search, most: int) -> None:
    """Score the first of the eligible, the best first, and let go of what was only needed for it.

    What decisions taught about fields re-orders them: it is applied after the vectors' limit.
    """
    judged_by, me, eligible = search.judged_by, search.user_id, frozenset(search.eligible[:most])
    gains, gives = search.couples
    eligible_gains = [one for one in gains if one.partner_id in eligible]
    found = scored(eligible_gains, gives, judged_by.calibration)
    if judged_by.penalties:
        found = [
            adjusted(
                one,
                judged_by.penalty(me, one.partner_id),
                judged_by.penalty(one.partner_id, me),
            )
            for one in found
        ]
    search.scored = sorted(found, key=lambda one: (-one.score, one.partner_id))
    search.couples = ((), ())
