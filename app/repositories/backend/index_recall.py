"""Keep what share of a member's ten best the couples' index finds, as it was measured last."""

from __future__ import annotations

from datetime import datetime

from app.databases.connections import BackendConnection


def put(backend: BackendConnection, model: str, recall: float, members: int, at: datetime) -> None:
    """Write what was measured on so many members, over what was measured before."""
    backend.execute(
        "INSERT INTO index_recall (model, recall, members, measured_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (model) DO UPDATE SET recall = excluded.recall, members = excluded.members,"
        "  measured_at = excluded.measured_at"
        " WHERE index_recall.measured_at < excluded.measured_at",
        (model, recall, members, at),
    )


def of_last_run(backend: BackendConnection) -> float | None:
    """Give recall@10, 0 to 1, for the model of the newest run; None before it was measured."""
    row = backend.execute(
        "SELECT recall FROM index_recall"
        " WHERE model = (SELECT model FROM matching_runs ORDER BY started_at DESC LIMIT 1)"
    ).fetchone()
    return None if row is None else float(row[0])
