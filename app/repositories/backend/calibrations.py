"""Read and write what decisions made of a model's calibration, and of members' readiness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Learned:
    """Hold what one asking of the decisions came to; differences are falls in log-loss."""

    id: UUID
    model: str
    midpoint: float
    scale: float
    auc: float
    better_by: float
    error: float
    decisions: int
    taken_over: bool
    readiness_better_by: float
    readiness_error: float
    readiness_taken_over: bool
    reason: str
    made_at: datetime


def in_use(backend: BackendConnection, model: str) -> Learned | None:
    """Find the calibration that decisions gave a model; None while the shipped one serves."""
    return (
        backend.cursor(row_factory=class_row(Learned))
        .execute(
            "SELECT id, model, midpoint, scale, auc, better_by, error, decisions, taken_over,"
            " readiness_better_by, readiness_error, readiness_taken_over, reason, made_at"
            " FROM calibrations WHERE model = %s AND taken_over AND taken_back_at IS NULL"
            " ORDER BY made_at DESC, id LIMIT 1",
            (model,),
        )
        .fetchone()
    )


def history(backend: BackendConnection, model: str, limit: int) -> list[Learned]:
    """List what was learned for a model, the newest first, also what was not taken over."""
    return (
        backend.cursor(row_factory=class_row(Learned))
        .execute(
            "SELECT id, model, midpoint, scale, auc, better_by, error, decisions, taken_over,"
            " readiness_better_by, readiness_error, readiness_taken_over, reason, made_at"
            " FROM calibrations WHERE model = %s ORDER BY made_at DESC, id LIMIT %s",
            (model, limit),
        )
        .fetchall()
    )


def add(backend: BackendConnection, learned: Learned) -> None:
    """Write down what was learned."""
    backend.execute(
        "INSERT INTO calibrations (id, model, midpoint, scale, auc, better_by, error, decisions,"
        " taken_over, readiness_better_by, readiness_error, readiness_taken_over, reason, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            learned.id,
            learned.model,
            learned.midpoint,
            learned.scale,
            learned.auc,
            learned.better_by,
            learned.error,
            learned.decisions,
            learned.taken_over,
            learned.readiness_better_by,
            learned.readiness_error,
            learned.readiness_taken_over,
            learned.reason,
            learned.made_at,
        ),
    )


def take_back(backend: BackendConnection, learned_id: UUID, at: datetime) -> None:
    """Let a calibration serve no longer; the one before it serves again."""
    backend.execute("UPDATE calibrations SET taken_back_at = %s WHERE id = %s", (at, learned_id))


def readiness(backend: BackendConnection) -> dict[UUID, tuple[float, float]]:
    """Give how readily each member accepts and is accepted, in logits; others have no row."""
    rows = backend.execute("SELECT user_id, accepts, accepted FROM readiness").fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def replace_readiness(
    backend: BackendConnection, rows: Sequence[tuple[UUID, float, float]], at: datetime
) -> None:
    """Write everybody's readiness anew; whoever is not named has none."""
    backend.execute("DELETE FROM readiness")
    with (
        backend.cursor() as cursor,
        cursor.copy("COPY readiness (user_id, accepts, accepted, made_at) FROM STDIN") as copy,
    ):
        for user_id, accepts, accepted in rows:
            copy.write_row((user_id, accepts, accepted, at))
