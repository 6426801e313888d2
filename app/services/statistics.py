"""Count what the databases hold."""

from __future__ import annotations

from app.databases.connections import AIConnection
from app.repositories.ai import embeddings, vector_sets


def embedded(ai: AIConnection, model: str) -> embeddings.Counts:
    """Count members, needs and offers with vectors of the set that serves for a model."""
    return embeddings.counts(ai, vector_sets.serving(ai, model))
