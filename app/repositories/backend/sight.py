"""Count what an operator wants to see of the backend database; no member is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.databases.connections import BackendConnection


def members_by_stage(backend: BackendConnection) -> dict[str, int]:
    """Count members by how far they are, each in one stage."""
    rows = backend.execute(
        "SELECT CASE WHEN NOT u.is_active THEN 'inactive'"
        " WHEN NOT u.allow_matching THEN 'paused'"
        " WHEN EXISTS (SELECT 1 FROM user_summaries s"
        "              WHERE s.user_id = u.id AND s.status = 'approved')"
        "  THEN CASE u.onboarding_status WHEN 'completed' THEN 'approved' ELSE 'in_progress' END"
        " WHEN u.onboarding_status = 'completed' THEN 'waiting_for_approval'"
        " ELSE u.onboarding_status::text END AS stage, count(*)"
        " FROM users u WHERE u.deleted_at IS NULL GROUP BY stage"
    ).fetchall()
    return dict(rows)


def outbox_by_topic(backend: BackendConnection) -> dict[tuple[str, str], int]:
    """Count unfinished and dead work by topic and state."""
    rows = backend.execute(
        "SELECT topic, state, count(*) FROM outbox WHERE state <> 'done' GROUP BY topic, state"
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def webhooks_by_state(backend: BackendConnection) -> dict[tuple[str, str], int]:
    """Count webhooks that wait and that failed for good, by receiver (backend, operator) and state.

    One that failed and was followed by one of its kind, to the same receiver about the same member,
    that was taken is mended and not counted.
    """
    rows = backend.execute(
        "WITH taken AS (SELECT kind, coalesce(user_id, %(nobody)s::uuid) AS about,"
        "  coalesce(endpoint_id, %(nobody)s::uuid) AS place, max(number) AS number"
        "  FROM webhook_deliveries WHERE state = 'sent'"
        "  AND EXISTS (SELECT 1 FROM webhook_deliveries WHERE state = 'failed')"
        "  GROUP BY kind, about, place)"
        " SELECT CASE WHEN d.endpoint_id IS NULL THEN 'backend' ELSE 'operator' END AS receiver,"
        " d.state, count(*) FROM webhook_deliveries d"
        " LEFT JOIN taken t ON d.state = 'failed' AND t.kind = d.kind AND t.number > d.number"
        "  AND t.about = coalesce(d.user_id, %(nobody)s::uuid)"
        "  AND t.place = coalesce(d.endpoint_id, %(nobody)s::uuid)"
        " WHERE d.state IN ('waiting', 'sending', 'failed') AND t.number IS NULL"
        " GROUP BY receiver, d.state",
        {"nobody": UUID(int=0)},
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


@dataclass(frozen=True, slots=True)
class LastRuns:
    """Say how the newest finished matching run ended, and when the newest good one did."""

    state: str
    reason: str
    succeeded_at: datetime | None


def last_runs(backend: BackendConnection) -> LastRuns | None:
    """Look at the newest finished matching runs; None when there was none."""
    newest = backend.execute(
        "SELECT state, reason FROM matching_runs WHERE state <> 'computing'"
        " ORDER BY started_at DESC LIMIT 1"
    ).fetchone()
    if newest is None:
        return None
    good = backend.execute(
        "SELECT max(finished_at) FROM matching_runs WHERE state IN ('ready', 'incomplete')"
    ).fetchone()
    return LastRuns(newest[0], newest[1], good[0] if good else None)


def open_work(backend: BackendConnection, user_ids: Sequence[UUID]) -> int:
    """Count those of these members on whose vectors work waits or runs."""
    row = backend.execute(
        "SELECT count(DISTINCT user_id) FROM outbox WHERE user_id = ANY(%s)"
        " AND topic IN ('embed', 'erase') AND state IN ('pending', 'running')",
        (list(user_ids),),
    ).fetchone()
    return 0 if row is None else int(row[0])
