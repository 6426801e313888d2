"""Put settings and adapters together; the only file that knows everybody."""

from __future__ import annotations

from dataclasses import dataclass

from app.adapters.broker import CeleryBell, NoBell
from app.adapters.embedding import build_embedder
from app.adapters.embedding_memory import RememberingEmbedder
from app.adapters.postgresql import PostgreSQLAdapter, postgresql_adapter
from app.adapters.revisions import all_newest
from app.services import health
from app.services.ports import Bell, Embedder
from app.settings import CommandSettings, EmbeddingSettings, WorkerSettings


@dataclass(frozen=True, slots=True)
class Platform:
    """Hold what services are called with."""

    databases: PostgreSQLAdapter
    embedder: Embedder
    bell: Bell

    def prove(self) -> None:
        """Prove, before any work, that both databases are the right ones, in this code's shape."""
        self.databases.verify()
        health.require_current(self.databases, all_newest())


def embedder(settings: EmbeddingSettings) -> Embedder:
    """Choose the embedding model that the settings name."""
    chosen = build_embedder(
        folder=settings.folder,
        base_url=settings.base_url,
        api_key=settings.embedding_api_key,
        model=settings.model,
        dimensions=settings.dimensions,
    )
    return RememberingEmbedder(chosen)


def platform(settings: CommandSettings | WorkerSettings) -> Platform:
    """Build the platform of one process; nothing is opened before it is used."""
    databases = postgresql_adapter
    databases.use(settings)
    bell: Bell = CeleryBell(settings.broker_url) if settings.broker_url else NoBell()
    databases.after_work_written = bell.ring
    return Platform(databases, embedder(settings), bell)
