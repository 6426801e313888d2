"""Choose which pairs a run for a few members writes: their own lists, and places in others' lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.matching.pairs import Pair
from app.repositories.backend import eligibility
from app.services.search import Search


def chosen(
    backend: BackendConnection, searches: Sequence[Search], newcomers: Collection[UUID], length: int
) -> list[Pair]:
    """Give the pairs of the members' own lists, and those by which they enter another's.

    A pair of two newcomers is in the list of either, or in neither.
    """
    own = [one.scored or [] for one in searches]
    kept = {
        (pair.a, pair.b): pair
        for one, scored in zip(searches, own, strict=True)
        for pair in (found.pair(one.user_id) for found in scored[:length])
    }
    asking = [
        (one.user_id, found)
        for one, scored in zip(searches, own, strict=True)
        for found in scored[length:]
        if found.partner_id not in newcomers
    ]
    entering = eligibility.entering(
        backend,
        [found.partner_id for _, found in asking],
        [found.score for _, found in asking],
        newcomers,
        length,
    )
    for (member, found), enters in zip(asking, entering, strict=True):
        if enters:
            pair = found.pair(member)
            kept[pair.a, pair.b] = pair
    return list(kept.values())
