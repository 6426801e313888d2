"""Register embedding models and build the index of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Final

from psycopg import sql
from psycopg.errors import DiskFull, OutOfMemory

from app.databases.connections import AIConnection, MigratingAIConnection
from app.errors import ConflictError, InvalidInputError

# pgvector 0.8: an HNSW index holds up to 2,000 dimensions of vector and 4,000 of halfvec.
MOST_INDEXED: Final = 2_000


def register(ai: AIConnection, model: str, dimensions: int, at: datetime) -> None:
    """Write down a model and the length of its vectors; raise ConflictError for another length."""
    ai.execute(
        "INSERT INTO embedding_models (model, dimensions, registered_at, embedder)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (model) DO NOTHING",
        (model, dimensions, at, model),
    )
    known = ai.execute(
        "SELECT dimensions FROM embedding_models WHERE model = %s", (model,)
    ).fetchone()
    if known is None or known[0] != dimensions:
        raise ConflictError(
            f"The model {model} is registered with {known and known[0]} dimensions and now gives"
            f" {dimensions}: it is another model. Give it another name (EMBEDDING_MODEL)."
        )


def check_indexable(dimensions: int) -> None:
    """Raise InvalidInputError for a length that no index can hold."""
    if dimensions > MOST_INDEXED:
        raise InvalidInputError(
            f"Vectors of {dimensions} dimensions cannot be indexed: pgvector's HNSW holds at most"
            f" {MOST_INDEXED} here. Choose a model with shorter vectors, or ask the server for fewer"
            " (EMBEDDING_DIMENSIONS)."
        )


def build_statement_index(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Build the partial index of one model's statements where it is missing.

    On a connection that commits by itself nobody who writes vectors has to wait for it. Raises
    InvalidInputError for a length that no index can hold.
    """
    check_indexable(dimensions)
    name = index_name("embeddings", model)

    def create() -> None:
        ai.execute(
            sql.SQL(
                "CREATE INDEX {how} IF NOT EXISTS {name} ON embeddings"
                " USING hnsw ((embedding::vector({length})) vector_cosine_ops)"
                " WHERE model = {model}"
            ).format(
                how=_how(ai),
                name=sql.Identifier(name),
                length=sql.Literal(dimensions),
                model=sql.Literal(model),
            )
        )

    _build(ai, name, create)


def build_couple_index(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Build the partial index of one model's couples where it is missing; minutes for 100,000."""
    name = index_name("couples", model)

    def create() -> None:
        ai.execute(
            sql.SQL(
                "CREATE INDEX {how} IF NOT EXISTS {name} ON embedding_couples"
                " USING hnsw ((couple::halfvec({length})) halfvec_ip_ops)"
                " WITH (m = 24, ef_construction = 200) WHERE model = {model}"
            ).format(
                how=_how(ai),
                name=sql.Identifier(name),
                length=sql.Literal(2 * dimensions),
                model=sql.Literal(model),
            )
        )

    _build(ai, name, create)


def _build(ai: MigratingAIConnection, name: str, create: Callable[[], None]) -> None:
    """Build an index in memory, as long as it fits; pgvector is many times slower beyond."""
    # Taken only while an index is built, and of it only what the vectors need: 400,000 couples of
    # twice 384 components and their neighbours.
    ai.execute("SELECT set_config('maintenance_work_mem', '1200MB', false)")
    ai.execute("SELECT set_config('statement_timeout', '0', false)")
    try:
        with nullcontext() if ai.autocommit else ai.transaction():
            create()
    except (DiskFull, OutOfMemory):
        # Several builders share memory in /dev/shm, of which a container has 64 MB; one needs none.
        ai.execute(sql.SQL("DROP INDEX IF EXISTS {name}").format(name=sql.Identifier(name)))
        ai.execute("SELECT set_config('max_parallel_maintenance_workers', '0', false)")
        create()


def _how(ai: MigratingAIConnection) -> sql.SQL:
    return sql.SQL("CONCURRENTLY") if ai.autocommit else sql.SQL("")


def drop_indexes(ai: MigratingAIConnection, model: str) -> None:
    """Drop both indexes of one model's vectors where they are."""
    for what in ("embeddings", "couples"):
        ai.execute(
            sql.SQL("DROP INDEX IF EXISTS {name}").format(
                name=sql.Identifier(index_name(what, model))
            )
        )


def index_name(what: str, model: str) -> str:
    """Name a model's index; PostgreSQL's names hold 63 bytes, and two models may begin alike."""
    readable = "".join(c if c.isascii() and c.isalnum() else "_" for c in model.lower())[:28]
    return f"{what}_{readable}_{hashlib.sha256(model.encode()).hexdigest()[:8]}_hnsw"
