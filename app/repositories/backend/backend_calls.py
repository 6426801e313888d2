"""Read and write what another backend's calls bring, so that a repeated call does nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


def first_time(backend: BackendConnection, key: bytes, *, within: timedelta) -> bool:
    """Say whether a call is taken for the first time within this time; waits for one being taken."""
    backend.execute(
        "DELETE FROM backend_calls WHERE created_at < clock_timestamp() - %s::interval", (within,)
    )
    taken = backend.execute(
        "INSERT INTO backend_calls (key, created_at) VALUES (%s, clock_timestamp())"
        " ON CONFLICT (key) DO NOTHING",
        (key,),
    )
    return taken.rowcount > 0


def work_waits(
    backend: BackendConnection, user_id: UUID, topic: str, payload: Mapping[str, Any]
) -> bool:
    """Say whether work of this topic that says this waits for a member already."""
    row = backend.execute(
        "SELECT 1 FROM outbox WHERE user_id = %s AND topic = %s AND state = 'pending'"
        " AND payload @> %s::jsonb",
        (user_id, topic, Jsonb(dict(payload))),
    ).fetchone()
    return row is not None


def everybody_waits(backend: BackendConnection, topic: str) -> bool:
    """Say whether work of this topic on all members at once waits already."""
    row = backend.execute(
        "SELECT 1 FROM outbox WHERE user_id IS NULL AND topic = %s AND state = 'pending'", (topic,)
    ).fetchone()
    return row is not None


@dataclass(frozen=True, slots=True)
class Feedback:
    """Hold what a member told of a match or of a conversation of their assistant."""

    user_id: UUID
    subject_id: UUID
    kind: str
    partner_id: UUID | None
    decision: str
    reason_tags: Sequence[str] = ()
    reason_text: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    milliseconds: int | None = None


def put_feedback(backend: BackendConnection, told: Feedback) -> bool:
    """Write feedback, in the place of earlier one about the same; False when it says the same."""
    written = backend.execute(
        "INSERT INTO backend_feedback (user_id, subject_id, kind, partner_id, decision, reason_tags,"
        " reason_text, attributes, milliseconds, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::text[], %s, %s, %s, now())"
        " ON CONFLICT (user_id, subject_id, kind) DO UPDATE SET"
        " partner_id = coalesce(excluded.partner_id, backend_feedback.partner_id),"
        " decision = excluded.decision, reason_tags = excluded.reason_tags,"
        " reason_text = excluded.reason_text, attributes = excluded.attributes,"
        " milliseconds = excluded.milliseconds"
        " WHERE (backend_feedback.decision, backend_feedback.reason_tags,"
        "  backend_feedback.reason_text)"
        " IS DISTINCT FROM (excluded.decision, excluded.reason_tags, excluded.reason_text)",
        (
            told.user_id,
            told.subject_id,
            told.kind,
            told.partner_id,
            told.decision,
            list(told.reason_tags),
            told.reason_text,
            Jsonb(dict(told.attributes)),
            told.milliseconds,
        ),
    )
    return written.rowcount > 0
