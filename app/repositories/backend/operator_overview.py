"""Count and list what the operators' first page tells of the backend database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


def with_matches(backend: BackendConnection) -> int:
    """Count members who stand in a pair that nobody declined."""
    row = backend.execute(
        "SELECT count(*) FROM (SELECT user_a_id FROM matches"
        "  WHERE user_a_decision <> 'declined' AND user_b_decision <> 'declined'"
        " UNION SELECT user_b_id FROM matches"
        "  WHERE user_a_decision <> 'declined' AND user_b_decision <> 'declined') listed"
    ).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class Run:
    """Hold one matching run with everything it reported; `seconds` None while it computes."""

    trigger: str
    state: str
    reason: str
    method: str
    model: str
    algorithm: str
    members: int
    eligible: int
    pairs: int
    removed: dict[str, Any]
    started_at: datetime
    seconds: float | None


def last_runs(backend: BackendConnection, limit: int) -> list[Run]:
    """List the newest matching runs, the newest first."""
    return (
        backend.cursor(row_factory=class_row(Run))
        .execute(
            "SELECT trigger, state, reason, method, model, algorithm, members, eligible, pairs,"
            " removed, started_at,"
            " extract(epoch FROM finished_at - started_at)::float8 AS seconds"
            " FROM matching_runs ORDER BY started_at DESC LIMIT %s",
            (limit,),
        )
        .fetchall()
    )
