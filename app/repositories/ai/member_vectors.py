"""Read what one member's vectors are of, and how many they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.arrays import IdArray, Ids, as_array
from app.databases.connections import AIConnection


@dataclass(frozen=True, slots=True)
class Held:
    """Hold which version of a summary the vectors are of, the hash of its words, and how many."""

    summary_version: int
    content_hash: bytes
    embedded_at: datetime
    needs: int
    offers: int


def of(ai: AIConnection, vector_set: str, user_id: UUID) -> Held | None:
    """Read what a set holds of one member; None when it holds nothing."""
    return (
        ai.cursor(row_factory=class_row(Held))
        .execute(
            "SELECT v.summary_version, v.content_hash, v.embedded_at,"
            " (SELECT count(*) FROM embeddings e WHERE e.user_id = v.user_id"
            "   AND e.model = v.model AND e.kind = 'need') AS needs,"
            " (SELECT count(*) FROM embeddings e WHERE e.user_id = v.user_id"
            "   AND e.model = v.model AND e.kind = 'offer') AS offers"
            " FROM member_vectors v WHERE v.model = %s AND v.user_id = %s",
            (vector_set, user_id),
        )
        .fetchone()
    )


def count_among(ai: AIConnection, vector_set: str, members: IdArray, without: Ids) -> int:
    """Count of whom a set holds vectors, among some members without some of them."""
    row = ai.execute(
        "SELECT count(*) FROM member_vectors v JOIN unnest(%(members)s::uuid[]) AS m (id)"
        " ON m.id = v.user_id WHERE v.model = %(set)s AND v.user_id <> ALL(%(without)s::uuid[])",
        {"members": members, "set": vector_set, "without": as_array(without)},
        prepare=False,  # a plan kept for any array expects a short one
    ).fetchone()
    return 0 if row is None else int(row[0])
