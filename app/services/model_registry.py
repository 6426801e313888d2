"""Make an embedding model known to the AI database, with the indexes its vectors need."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from app.databases.connections import MigratingAIConnection
from app.repositories.ai import embeddings, models, vector_sets

# From here on a search takes less than half through the index; up to half of it a scan of everybody
# is as quick, and an index that is not asked would only make writing slow.
COUPLES_INDEXED_FROM: Final = 10_000


def register_model(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Register a model and build the indexes that its vectors need; models stand side by side.

    Where another model's vectors serve, this one is made ready to be built beside them.
    """
    at = datetime.now(UTC)
    try:
        vectors = vector_sets.adopt(ai, model, dimensions, at)
    except vector_sets.AnotherModelServesError:
        vectors = vector_sets.build_beside(ai, model, dimensions, at)
    index(ai, vectors, dimensions)


def index(ai: MigratingAIConnection, vectors: str, dimensions: int) -> None:
    """Build the indexes that a set of vectors of this size needs.

    None while the set is empty: a first load fills the tables three times as quickly without, and
    the index of what is there is built in one go. Raises InvalidInputError for vectors that no
    index can hold, also then.
    """
    models.check_indexable(dimensions)
    members = embeddings.counts(ai, vectors).members
    if members:
        models.build_statement_index(ai, vectors, dimensions)
    if members >= COUPLES_INDEXED_FROM:
        models.build_couple_index(ai, vectors, dimensions)
