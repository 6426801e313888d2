"""Read and write what strangers may read of a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class PublicSummary:
    """Hold the public text of one version, and how many statements each reason kept out of it."""

    summary_id: UUID
    user_id: UUID
    text: str
    withheld: Mapping[str, int]


def put(backend: BackendConnection, public: PublicSummary, at: datetime) -> None:
    """Write the public text of one version of a summary."""
    backend.execute(
        "INSERT INTO public_summaries (summary_id, user_id, text, withheld, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (summary_id) DO UPDATE"
        " SET text = excluded.text, withheld = excluded.withheld",
        (public.summary_id, public.user_id, public.text, Jsonb(dict(public.withheld)), at),
    )


def of_summary(backend: BackendConnection, summary_id: UUID) -> PublicSummary | None:
    """Find the public text of one version; None when it has none."""
    return (
        backend.cursor(row_factory=class_row(PublicSummary))
        .execute(
            "SELECT summary_id, user_id, text, withheld FROM public_summaries"
            " WHERE summary_id = %s",
            (summary_id,),
        )
        .fetchone()
    )


def newest(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Give the public text of these members' approved summaries; who has none is left out."""
    rows = backend.execute(
        "SELECT DISTINCT ON (p.user_id) p.user_id, p.text FROM public_summaries p"
        " JOIN user_summaries s ON s.id = p.summary_id AND s.status = 'approved'"
        " WHERE p.user_id = ANY(%s) ORDER BY p.user_id, s.version DESC",
        (list(user_ids),),
    ).fetchall()
    return {row[0]: row[1] for row in rows}
