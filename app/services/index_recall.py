"""Measure how many of a member's ten best the couples' index finds, on a sample of this community.

Each member of the sample is asked for by everybody's vectors too, half a second at 100,000 members:
the worker does it every hour, and lists tell what it kept.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection
from app.repositories.ai import candidates, vector_sets
from app.repositories.backend import eligibility, index_recall
from app.services import judgement, match_sync, search
from app.services.judgement import Judgement
from app.services.ports import Embedder
from app.services.steps import Databases

log = logging.getLogger(__name__)

SAMPLE: Final = 40  # members
BEST: Final = 10


def keep(databases: Databases, embedder: Embedder) -> None:
    """Measure recall@10 where an index answers, for whoever looks at a list later."""
    with databases.backend() as backend:
        if eligibility.size(backend) < match_sync.LARGE:
            return
        members = eligibility.sample(backend, SAMPLE)
        judged_by = judgement.by_vectors(backend, embedder.model)
    shares = []
    for user_id in members:
        with databases.ai() as ai:
            share = _share(ai, embedder, user_id, judged_by)
        if share is not None:
            shares.append(share)
    if shares:
        recall = sum(shares) / len(shares)
        log.info("the index finds %.3f of the ten best (%d members)", recall, len(shares))
        with databases.backend() as backend:
            index_recall.put(backend, embedder.model, recall, len(shares), datetime.now(UTC))


def _share(
    ai: AIConnection, embedder: Embedder, user_id: UUID, judged_by: Judgement
) -> float | None:
    """Give the share of one member's best that the index finds; None without index or anybody."""
    model = vector_sets.serving(ai, embedder.model)
    if not candidates.has_index(ai, model):
        return None
    approximate = search.Search(user_id, frozenset(), judged_by=judged_by)
    search.ask_index(ai, approximate, model, embedder.dimensions, asking=0)
    found = candidates.exact(ai, model, user_id, None, judged_by.calibration, limit=BEST)
    best = {one.user_id for one in found}
    return len(best.intersection(approximate.near[:BEST])) / len(best) if best else None
