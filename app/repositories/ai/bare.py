"""Do by hand-written SQL alone what the platform does, for measurements to stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pgvector import Vector
from psycopg import sql

from app.databases.connections import AIConnection, MigratingAIConnection
from app.domain.matching.scores import Calibration
from app.repositories.ai.embeddings import Floats
from app.repositories.ai.models import index_name

# As one would ask for them in psql.
_BEST_OF: Final = (
    "SELECT e.user_id FROM embeddings m JOIN embeddings e"
    " ON e.model = m.model AND e.kind <> m.kind AND e.user_id <> m.user_id"
    " WHERE m.user_id = %(id)s AND m.model = %(model)s{among}"
    " GROUP BY e.user_id HAVING min(m.kind) <> max(m.kind) ORDER BY"
    " 1 / ((1 + exp((%(midpoint)s - max(-(e.embedding <#> m.embedding))"
    "   FILTER (WHERE m.kind = 'need')) / %(scale)s))"
    "  * (1 + exp((%(midpoint)s - max(-(e.embedding <#> m.embedding))"
    "   FILTER (WHERE m.kind = 'offer')) / %(scale)s))) DESC, e.user_id LIMIT %(limit)s"
)
_BEST: Final = _BEST_OF.format(among="")
_BEST_AMONG: Final = _BEST_OF.format(among=" AND e.user_id = ANY(%(eligible)s::uuid[])")


def copy_rows(ai: AIConnection, members: bytes, statements: bytes, couples: bytes) -> None:
    """Copy rows into the three tables of vectors, encoded in COPY's binary format before."""
    with (
        ai.cursor() as cursor,
        cursor.copy(
            "COPY member_vectors (user_id, model, summary_version, content_hash, embedded_at)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.write(members)
    with (
        ai.cursor() as cursor,
        cursor.copy(
            "COPY embeddings (statement_id, model, user_id, kind, embedding)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.write(statements)
    with (
        ai.cursor() as cursor,
        cursor.copy(
            "COPY embedding_couples (offer_id, need_id, model, user_id, couple)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.write(couples)


def best(
    ai: AIConnection,
    model: str,
    user_id: UUID,
    eligible: Sequence[UUID] | None,
    calibration: Calibration,
    *,
    limit: int,
) -> list[UUID]:
    """Name a member's best partners as one would ask for them in psql, exactly; None is everybody."""
    rows = ai.execute(
        _BEST if eligible is None else _BEST_AMONG,
        {
            "id": user_id,
            "model": model,
            "eligible": "{" + ",".join([one.hex for one in eligible or ()]) + "}",
            "midpoint": calibration.midpoint,
            "scale": calibration.scale,
            "limit": limit,
        },
        prepare=eligible is None,  # a plan kept for any array expects a short one
    ).fetchall()
    return [row[0] for row in rows]


def two_searches(
    ai: AIConnection, model: str, user_id: UUID, *, limit: int, least: float
) -> set[UUID]:
    """Match one member as platforms of this kind do now: nearest offers, nearest needs, the union.

    One scan by cosine for each need and each offer; who is above the threshold on either side is in.
    """
    mine = ai.execute(
        "SELECT kind, embedding FROM embeddings WHERE user_id = %s AND model = %s", (user_id, model)
    ).fetchall()
    found: set[UUID] = set()
    for kind, vector in mine:
        rows = ai.execute(
            "SELECT user_id, 1 - (embedding <=> %(asked)s::vector) AS cosine FROM embeddings"
            " WHERE model = %(model)s AND kind = %(kind)s AND user_id <> %(id)s"
            " ORDER BY embedding <=> %(asked)s::vector LIMIT %(limit)s",
            {
                "asked": vector,
                "model": model,
                "kind": "offer" if kind == "need" else "need",
                "id": user_id,
                "limit": limit,
            },
        ).fetchall()
        found |= {row[0] for row in rows if row[1] >= least}
    return found


def build_half_index(ai: MigratingAIConnection, model: str, dimensions: int) -> None:
    """Build the index of one model's statements over halves, to compare it with the one of floats."""
    ai.execute("SELECT set_config('maintenance_work_mem', '1200MB', false)")
    ai.execute(
        sql.SQL(
            "CREATE INDEX IF NOT EXISTS {name} ON embeddings"
            " USING hnsw ((embedding::halfvec({length})) halfvec_cosine_ops) WHERE model = {model}"
        ).format(
            name=sql.Identifier(index_name("halves", model)),
            length=sql.Literal(dimensions),
            model=sql.Literal(model),
        )
    )


def drop_index(ai: MigratingAIConnection, what: str, model: str) -> None:
    """Drop one index of a model where it is."""
    ai.execute(
        sql.SQL("DROP INDEX IF EXISTS {name}").format(name=sql.Identifier(index_name(what, model)))
    )


def nearest_by_floats(
    ai: AIConnection, model: str, asked: Floats, *, limit: int, breadth: int
) -> list[UUID]:
    """Ask the index over `vector` for the statements nearest to a vector, needs and offers alike."""
    ai.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(breadth),))
    query = sql.SQL(
        "SELECT statement_id FROM embeddings WHERE model = {model}"
        " ORDER BY embedding::vector({length}) <=> %(asked)s::vector({length}) LIMIT %(limit)s"
    ).format(model=sql.Literal(model), length=sql.Literal(len(asked)))
    rows = ai.execute(query, {"asked": Vector(asked).to_text(), "limit": limit}).fetchall()
    return [row[0] for row in rows]


def nearest_by_halves(
    ai: AIConnection, model: str, asked: Floats, *, limit: int, breadth: int
) -> list[UUID]:
    """Ask the index over `halfvec` for the statements nearest to a vector, needs and offers alike."""
    ai.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(breadth),))
    query = sql.SQL(
        "SELECT statement_id FROM embeddings WHERE model = {model}"
        " ORDER BY embedding::halfvec({length}) <=> %(asked)s::halfvec({length}) LIMIT %(limit)s"
    ).format(model=sql.Literal(model), length=sql.Literal(len(asked)))
    rows = ai.execute(query, {"asked": Vector(asked).to_text(), "limit": limit}).fetchall()
    return [row[0] for row in rows]


def index_megabytes(ai: AIConnection, what: str, model: str) -> float:
    """Give the size of one index of a model; 0 where there is none."""
    row = ai.execute(
        "SELECT relpages * 8192.0 / 1048576.0 FROM pg_catalog.pg_class WHERE relname = %s",
        (index_name(what, model),),
    ).fetchone()
    return 0.0 if row is None else float(row[0])


def analyze(ai: MigratingAIConnection) -> None:
    """Let the planner know what was loaded, as autovacuum would a minute later."""
    ai.execute("ANALYZE embeddings")
    ai.execute("ANALYZE embedding_couples")
    ai.execute("ANALYZE member_vectors")
