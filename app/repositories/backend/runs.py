"""Write down what each matching run did, and whom each of its stages removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection
from app.errors import ConflictError


class OvertakenError(ConflictError):
    """A run that began later has written its matches."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class Run:
    """Hold one run: what set it off, how it ended and why, what it counted."""

    id: UUID
    trigger: str
    state: str
    reason: str
    method: str
    members: int
    eligible: int
    pairs: int
    removed: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None


def start(
    backend: BackendConnection, *, trigger: str, model: str, algorithm: str, method: str
) -> tuple[UUID, datetime]:
    """Open a run in the state computing; give its id and when, by the database's clock, it began.

    It begins after every run before it, also when that clock was set back meanwhile.
    """
    run_id = uuid4()
    row = backend.execute(
        "INSERT INTO matching_runs (id, trigger, state, reason, method, model, algorithm, members,"
        " eligible, pairs, removed, started_at)"
        " VALUES (%s, %s, 'computing', '', %s, %s, %s, 0, 0, 0, '{}', greatest(clock_timestamp(),"
        "  (SELECT max(started_at) + interval '1 microsecond' FROM matching_runs)))"
        " RETURNING started_at",
        (run_id, trigger, method, model, algorithm),
    ).fetchone()
    assert row is not None  # noqa: S101 - INSERT ... RETURNING gives the row it inserted
    return run_id, row[0]


def take_turn(backend: BackendConnection, started_at: datetime) -> None:
    """Let one run write at a time; raise OvertakenError when a newer one has written already."""
    backend.execute("SELECT pg_advisory_xact_lock(7304, 0)")
    newer = backend.execute(
        "SELECT 1 FROM matching_runs WHERE started_at > %s AND state IN ('ready', 'incomplete')"
        " LIMIT 1",
        (started_at,),
    ).fetchone()
    if newer is not None:
        raise OvertakenError(
            "A matching run that began later has written its matches; this older one wrote nothing."
            " Run it again: it will then see what is new."
        )


def finish(
    backend: BackendConnection,
    run_id: UUID,
    *,
    state: str,
    reason: str,
    method: str,
    members: int,
    eligible: int,
    pairs: int,
    removed: dict[str, int],
) -> None:
    """Close a run with its outcome and its counts."""
    backend.execute(
        "UPDATE matching_runs SET state = %s, reason = %s, method = %s, members = %s, eligible = %s,"
        " pairs = %s, removed = %s, finished_at = clock_timestamp() WHERE id = %s",
        (state, reason, method, members, eligible, pairs, Jsonb(removed), run_id),
    )


def fail(backend: BackendConnection, run_id: UUID, reason: str) -> None:
    """Close a run that did not come to its end, with the reason."""
    backend.execute(
        "UPDATE matching_runs SET state = 'failed', reason = %s, finished_at = clock_timestamp()"
        " WHERE id = %s AND state = 'computing'",
        (reason[:2000], run_id),
    )


def last(backend: BackendConnection, state: str | None = None) -> Run | None:
    """Find the newest run, or the newest in one state; None when there was none."""
    return (
        backend.cursor(row_factory=class_row(Run))
        .execute(
            "SELECT id, trigger, state, reason, method, members, eligible, pairs, removed,"
            " started_at, finished_at FROM matching_runs"
            " WHERE %(state)s::text IS NULL OR state = %(state)s ORDER BY started_at DESC LIMIT 1",
            {"state": state},
        )
        .fetchone()
    )
