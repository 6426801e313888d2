"""Sets of vectors that stand side by side, of which one serves.

A set has the name of the model that made it, and after a rebuild that name with a number. Whoever
reads or writes the serving set holds a shared lock to the end of its transaction, so that a switch
waits for them and none of them sees half of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from psycopg.rows import class_row

from app.databases.connections import AIConnection, MigratingAIConnection
from app.errors import ReciprocityError
from app.repositories.ai import models


class AnotherModelServesError(ReciprocityError):
    """The vectors that serve were made by another model than this process has."""

    code = "another_model_serves"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class VectorSet:
    """Name a set of vectors, the model that made them and their length."""

    name: str
    embedder: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class _Held(VectorSet):
    """Say besides whether any vectors are in the set."""

    used: bool


def current(ai: AIConnection) -> VectorSet | None:
    """Find the set that serves, whichever model made it; None when nothing serves yet."""
    return (
        ai.cursor(row_factory=class_row(VectorSet))
        .execute(
            "SELECT model AS name, coalesce(embedder, model) AS embedder, dimensions"
            " FROM embedding_models WHERE state = 'serving'"
        )
        .fetchone()
    )


def serving(ai: AIConnection, embedder: str) -> str:
    """Name the set in which a model's vectors serve, and keep it serving until the commit.

    Raises AnotherModelServesError when the vectors that serve are another model's.
    """
    held = _held(ai)
    return embedder if held is None else _for_model(held, embedder)


def _held(ai: AIConnection) -> _Held | None:
    ai.execute("SELECT pg_advisory_xact_lock_shared(7305, 0)")
    return (
        ai.cursor(row_factory=class_row(_Held))
        .execute(
            "SELECT model AS name, coalesce(embedder, model) AS embedder, dimensions,"
            " EXISTS (SELECT 1 FROM member_vectors v WHERE v.model = m.model) AS used"
            " FROM embedding_models m WHERE state = 'serving'"
        )
        .fetchone()
    )


def _for_model(held: _Held, embedder: str) -> str:
    if held.embedder == embedder:
        return held.name
    if held.used:
        raise AnotherModelServesError(
            f"The vectors that serve were made by the model {held.embedder}, and this process has"
            f" {embedder}. Vectors of two models are never compared. Set the model back"
            " (EMBEDDING_MODEL and the like), or go over to the new one: `reciprocity rebuild ai`."
        )
    return embedder  # the first vectors will be this model's


def adopt(ai: AIConnection, embedder: str, dimensions: int, at: datetime) -> str:
    """Name the set that serves for a model; where nobody has vectors yet, make this model's serve.

    Raises ConflictError for a model registered with another length, and AnotherModelServesError.
    """
    held = _held(ai)
    if held is not None and (held.embedder, held.dimensions) == (embedder, dimensions):
        return held.name
    name = embedder if held is None else _for_model(held, embedder)
    models.register(ai, name, dimensions, at)
    ai.execute("SELECT pg_advisory_xact_lock(7305, 1)")  # two processes at once adopt one by one
    ai.execute(
        "UPDATE embedding_models SET state = 'beside' WHERE state = 'serving' AND model <> %s"
        " AND NOT EXISTS (SELECT 1 FROM member_vectors v WHERE v.model = embedding_models.model)",
        (name,),
    )
    ai.execute(
        "UPDATE embedding_models SET state = 'serving', embedder = %s WHERE model = %s"
        " AND NOT EXISTS (SELECT 1 FROM embedding_models m WHERE m.state = 'serving')",
        (embedder, name),
    )
    return name


def build_beside(ai: AIConnection, embedder: str, dimensions: int, at: datetime) -> str:
    """Name the set to build beside the serving one: a model's unfinished one, or a new one."""
    found = ai.execute(
        "SELECT model, dimensions FROM embedding_models"
        " WHERE state = 'beside' AND embedder = %s AND dimensions = %s"
        " ORDER BY registered_at DESC LIMIT 1",
        (embedder, dimensions),
    ).fetchone()
    if found is not None:
        return str(found[0])
    taken = {row[0] for row in ai.execute("SELECT model FROM embedding_models").fetchall()}
    number = 2
    while (name := f"{embedder}#{number}") in taken:
        number += 1
    if embedder not in taken:
        name = embedder
    ai.execute(
        "INSERT INTO embedding_models (model, dimensions, registered_at, embedder, state)"
        " VALUES (%s, %s, %s, %s, 'beside')",
        (name, dimensions, at, embedder),
    )
    return name


def switch(ai: AIConnection, name: str) -> None:
    """Make a set serve in the place of another; waits for whoever reads or writes that one."""
    ai.execute("SET LOCAL statement_timeout = '10min'")
    ai.execute("SELECT pg_advisory_xact_lock(7305, 0)")
    ai.execute("UPDATE embedding_models SET state = 'beside' WHERE state = 'serving'")
    ai.execute("UPDATE embedding_models SET state = 'serving' WHERE model = %s", (name,))


def others(ai: AIConnection) -> list[str]:
    """Name the sets that do not serve."""
    rows = ai.execute("SELECT model FROM embedding_models WHERE state <> 'serving'").fetchall()
    return [str(row[0]) for row in rows]


def empty(ai: AIConnection, name: str) -> None:
    """Remove the vectors of a set that does not serve; a serving one keeps them."""
    ai.execute("SET LOCAL statement_timeout = '30min'")
    ai.execute(
        "DELETE FROM member_vectors WHERE model = %(name)s AND EXISTS (SELECT 1"
        " FROM embedding_models m WHERE m.model = %(name)s AND m.state = 'beside')",
        {"name": name},
    )


def forget(ai: MigratingAIConnection, name: str) -> None:
    """Remove a set that was emptied, with its indexes; one that serves or holds vectors stays."""
    removed = ai.execute(
        "DELETE FROM embedding_models m WHERE m.model = %s AND m.state = 'beside'"
        " AND NOT EXISTS (SELECT 1 FROM member_vectors v WHERE v.model = m.model)",
        (name,),
    ).rowcount
    if removed:
        models.drop_indexes(ai, name)
