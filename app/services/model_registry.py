"""Make an embedding model known to the AI database, with the indexes its vectors need."""

from __future__ import annotations

from datetime import UTC, datetime

from app.databases.connections import MigratingAIConnection
from app.repositories.ai import models


def register_model(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Register a model and build its indexes; models stand side by side."""
    models.register(ai, model, dimensions, datetime.now(UTC))
    models.build_indexes(ai, model, dimensions)
