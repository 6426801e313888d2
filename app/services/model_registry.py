"""Make an embedding model known to the AI database, with the indexes its vectors need."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from app.databases.connections import MigratingAIConnection
from app.repositories.ai import embeddings, models

# Below this many members a scan of everybody is quicker than any index, and an index that is not
# asked would only make writing slow.
COUPLES_INDEXED_FROM: Final = 20_000


def register_model(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Register a model and build the indexes that its vectors need; models stand side by side."""
    models.register(ai, model, dimensions, datetime.now(UTC))
    models.build_statement_index(ai, model, dimensions)
    if embeddings.counts(ai, model).members >= COUPLES_INDEXED_FROM:
        models.build_couple_index(ai, model, dimensions)
