"""Load a community by COPY and write matches by plain inserts, for measurements alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.databases.connections import BackendConnection, MigratingBackendConnection


def load(
    backend: BackendConnection,
    members: Iterable[tuple[UUID, UUID]],
    statements: Iterable[tuple[UUID, UUID, UUID, str, int, str]],
    at: datetime,
) -> None:
    """Make members (id, summary id) with approved summaries and (id, member, summary, kind, place, text)."""
    known = list(members)
    columns = [list(column) for column in zip(*known, strict=True)]
    backend.execute("SET LOCAL statement_timeout = '10min'")
    backend.execute(
        "INSERT INTO users (id, email, first_name, last_name, onboarding_status, is_active,"
        " allow_matching, is_email_verified, created_at, updated_at)"
        " SELECT id, id::text || '@example.org', '', '', 'completed', true, true, false, %s, %s"
        " FROM unnest(%s::uuid[]) AS m (id)",
        (at, at, columns[0]),
    )
    backend.execute(
        "INSERT INTO user_summaries"
        " (id, user_id, status, summary, version, webhook, urgency, created_at, updated_at)"
        " SELECT id, user_id, 'approved', 'made for a measurement', 1, false, 'ongoing', %s, %s"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS m (id, user_id)",
        (at, at, columns[1], columns[0]),
    )
    with (
        backend.cursor() as cursor,
        cursor.copy(
            "COPY statements (id, user_id, summary_id, kind, position, text, created_at)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "uuid", "uuid", "text", "int4", "text", "timestamptz"])
        for row in statements:
            copy.write_row((*row, at))


def analyze(backend: MigratingBackendConnection) -> None:
    """Let the planner know what was loaded, as autovacuum would a minute later."""
    backend.execute("ANALYZE users")
    backend.execute("ANALYZE user_summaries")
    backend.execute("ANALYZE statements")


def vacuum(backend: MigratingBackendConnection) -> None:
    """Clear away what a run over many left, as autovacuum would a minute later."""
    backend.commit()
    backend.autocommit = True
    backend.execute("VACUUM (ANALYZE) match_staging")
    backend.execute("VACUUM (ANALYZE) matches")
    backend.execute("VACUUM (ANALYZE) match_scores")
    backend.execute("VACUUM (ANALYZE) match_reasons")


@dataclass(frozen=True, slots=True)
class MatchRows:
    """Hold every row that a member's matches consist of."""

    matches: list[tuple[Any, ...]]
    scores: list[tuple[Any, ...]]
    reasons: list[tuple[Any, ...]]


def matches_of(backend: BackendConnection, user_id: UUID) -> MatchRows:
    """Read every row that a member's matches consist of."""
    values = {"id": user_id}
    return MatchRows(
        backend.execute(
            "SELECT id, batch_id, user_a_id, user_b_id, match_tier, created_at, updated_at"
            " FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
            values,
        ).fetchall(),
        backend.execute(
            "SELECT user_a_id, user_b_id, score, tier, model, algorithm, inputs_hash, run_id,"
            " created_at, updated_at FROM match_scores"
            " WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
            values,
        ).fetchall(),
        backend.execute(
            "SELECT user_a_id, user_b_id, gainer_id, need_id, offer_id, similarity, gain"
            " FROM match_reasons WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
            values,
        ).fetchall(),
    )


def remove_matches(backend: BackendConnection, user_id: UUID) -> None:
    """Remove every row that a member's matches consist of."""
    values = {"id": user_id}
    backend.execute("DELETE FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s", values)
    backend.execute(
        "DELETE FROM match_scores WHERE user_a_id = %(id)s OR user_b_id = %(id)s", values
    )


def insert_matches(backend: BackendConnection, rows: MatchRows) -> None:
    """Insert rows that `matches_of` read, one table after another."""
    with backend.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO matches (id, batch_id, user_a_id, user_b_id, match_tier, created_at,"
            " updated_at, user_a_decision, user_b_decision, status)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 'pending', 'pending', 'pending')",
            rows.matches,
        )
        cursor.executemany(
            "INSERT INTO match_scores (user_a_id, user_b_id, score, tier, model, algorithm,"
            " inputs_hash, run_id, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows.scores,
        )
        cursor.executemany(
            "INSERT INTO match_reasons (user_a_id, user_b_id, gainer_id, need_id, offer_id,"
            " similarity, gain) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            rows.reasons,
        )
