"""Count what the AI database holds of members: vectors, never words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import AIConnection


@dataclass(frozen=True, slots=True)
class Holding:
    """Say how many rows one table holds of one member, by model; no model for a tombstone."""

    user_id: UUID
    table: str
    model: str
    rows: int


def of_members(ai: AIConnection, user_ids: Sequence[UUID]) -> list[Holding]:
    """Count rows by member, table and model; what holds nothing is left out."""
    return (
        ai.cursor(row_factory=class_row(Holding))
        .execute(
            "SELECT user_id, 'member_vectors' AS table, model, count(*) AS rows"
            "  FROM member_vectors WHERE user_id = ANY(%(ids)s) GROUP BY user_id, model"
            " UNION ALL SELECT user_id, 'embeddings', model, count(*)"
            "  FROM embeddings WHERE user_id = ANY(%(ids)s) GROUP BY user_id, model"
            " UNION ALL SELECT user_id, 'embedding_couples', model, count(*)"
            "  FROM embedding_couples WHERE user_id = ANY(%(ids)s) GROUP BY user_id, model"
            " UNION ALL SELECT user_id, 'erased_members', '', count(*)"
            "  FROM erased_members WHERE user_id = ANY(%(ids)s) GROUP BY user_id"
            " ORDER BY 1, 2, 3",
            {"ids": list(user_ids)},
        )
        .fetchall()
    )
