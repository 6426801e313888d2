"""Count what the databases hold."""

from __future__ import annotations

from app.databases.connections import AIConnection
from app.repositories.ai import embeddings


def embedded(ai: AIConnection, model: str) -> embeddings.Counts:
    """Count members, needs and offers with vectors of one model."""
    return embeddings.counts(ai, model)
