"""Measure how many of a member's ten best the couples' index finds, on a sample of this community."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection
from app.repositories.ai import candidates, vector_sets
from app.services import search
from app.services.judgement import Judgement
from app.services.ports import Embedder

SAMPLE: Final = (
    40  # members; each is asked twice, by everybody too, which takes half a second at 100,000
)
BEST: Final = 10


def measure(
    ai: AIConnection, embedder: Embedder, members: Sequence[UUID], judged_by: Judgement
) -> float | None:
    """Give recall@10 of the index, 0 to 1, over a sample of members; None without an index or anybody.

    The members come in the order of their random ids, so that every n-th of them is a random sample.
    """
    model = vector_sets.serving(ai, embedder.model)
    if not candidates.has_index(ai, model):
        return None
    shares = []
    for user_id in members[:: max(1, len(members) // SAMPLE)][:SAMPLE]:
        approximate = search.Search(user_id, frozenset(), judged_by=judged_by)
        exact = search.Search(user_id, frozenset(), judged_by=judged_by)
        search.ask_index(ai, approximate, model, embedder.dimensions, asking=0)
        search.ask_everybody(ai, exact, model, asking=0)
        best = exact.near[:BEST]
        if best:
            shares.append(len(set(best) & set(approximate.near[:BEST])) / len(best))
    return sum(shares) / len(shares) if shares else None
