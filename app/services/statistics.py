"""Count what the databases hold."""

from __future__ import annotations

from app.databases.connections import AIConnection
from app.repositories.ai import embeddings, vector_sets


def embedded(ai: AIConnection, model: str) -> embeddings.Counts:
    """Count members, needs and offers with vectors that serve; of a model's when none do yet."""
    serving = vector_sets.current(ai)
    return embeddings.counts(ai, model if serving is None else serving.name)
