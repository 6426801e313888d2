"""Make all members' lists at once, by blocked matrix products over all vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from app.domain.matching.adjustments import Adjustments
from app.domain.matching.couples import Gains
from app.domain.matching.everyone import best_pairs
from app.domain.matching.pair_table import PairTable
from app.domain.matching.pairs import Pair, Reason
from app.domain.matching.rule_masks import RuleMasks
from app.domain.matching.rules import NONE, Person
from app.domain.matching.vectors import Indices, MemberVectors, Vectors
from app.repositories.ai.embeddings import VectorTable
from app.services.judgement import Judgement

# Where decisions re-order lists, so many times a list's length is found by vectors first.
_WIDER: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Hold every pair that is among the best of either of its members, as objects and as arrays.

    The arrays know members by their place among those who were eligible. `removed` counts, by
    rule, the pairs that were near enough to be listed and that the rule kept apart.
    """

    pairs: list[Pair]
    table: PairTable
    removed: Counter[str]


def _of(table: VectorTable, place: dict[UUID, int]) -> tuple[list[UUID], Vectors, Indices]:
    keep = [row for row, user_id in enumerate(table.user_ids) if user_id in place]
    owners = np.array([place[table.user_ids[row]] for row in keep], dtype=np.int64)
    return [table.statement_ids[row] for row in keep], table.vectors[keep], owners


def pairs(
    needs: VectorTable,
    offers: VectorTable,
    *,
    eligible: Sequence[UUID],
    forbidden: Sequence[tuple[UUID, UUID]],
    judged_by: Judgement,
    length: int,
    progress: Callable[[float], None] | None = None,
) -> Found:
    """Find every pair that is among the `length` best of either of its members.

    Both tables are ordered by member, and so is `eligible`.
    """
    place = {user_id: index for index, user_id in enumerate(eligible)}
    need_ids, need_vectors, need_owners = _of(needs, place)
    offer_ids, offer_vectors, offer_owners = _of(offers, place)
    rules, adjustments = _rules(judged_by, eligible), _adjustments(judged_by, eligible, place)
    never = [(place[a], place[b]) for a, b in forbidden if a in place and b in place]
    apart = np.array(never, np.int64).reshape(-1, 2)
    table = best_pairs(
        MemberVectors(need_vectors, need_owners, offer_vectors, offer_owners, len(eligible)),
        length=length * _WIDER if adjustments else length,
        calibration=judged_by.calibration,
        forbidden=apart if rules is None else np.concatenate([apart, rules.never]),
        barred=None if rules is None else rules.barred,
        progress=progress,
    )
    if adjustments:
        table = adjustments.table(table, length)
    removed = Counter[str]() if rules is None else rules.refused
    return Found(list(_pairs(table, eligible, need_ids, offer_ids)), table, removed)


def _rules(judged_by: Judgement, eligible: Sequence[UUID]) -> RuleMasks | None:
    if not any(one.asks for one in judged_by.rules.values()):
        return None
    people = [judged_by.people.get(member, Person()) for member in eligible]
    return RuleMasks.of(people, [judged_by.rules.get(member, NONE) for member in eligible])


def _adjustments(
    judged_by: Judgement, eligible: Sequence[UUID], place: dict[UUID, int]
) -> Adjustments:
    held = {place[m]: lost for m, lost in judged_by.penalties.items() if m in place}
    nobody = Person()
    fields = [judged_by.people.get(m, nobody).fields for m in eligible] if held else []
    return Adjustments(held, fields)


def _pairs(
    table: PairTable,
    eligible: Sequence[UUID],
    need_ids: Sequence[UUID],
    offer_ids: Sequence[UUID],
) -> Iterator[Pair]:
    columns = (table.a, table.b, table.score)
    rows = zip(
        *(c.tolist() for c in columns),
        _reasons(table.a_gains, need_ids, offer_ids),
        _reasons(table.b_gains, need_ids, offer_ids),
        strict=True,
    )
    for a, b, score, mine, theirs in rows:
        yield Pair(eligible[a], eligible[b], score, mine, theirs)


def _reasons(gains: Gains, need_ids: Sequence[UUID], offer_ids: Sequence[UUID]) -> Iterator[Reason]:
    rows = zip(
        gains.need.tolist(),
        gains.offer.tolist(),
        gains.cosine.tolist(),
        gains.gain.tolist(),
        strict=True,
    )
    for need, offer, cosine, gain in rows:
        yield Reason(need_ids[need], offer_ids[offer], min(1.0, max(-1.0, cosine)), gain)
