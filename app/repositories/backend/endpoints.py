"""Read and write whom operators want told of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Hold one receiver of events; no topics means all of them."""

    id: UUID
    url: str
    secret: str = field(repr=False)
    topics: Sequence[str]
    created_at: datetime


def add(backend: BackendConnection, endpoint: Endpoint) -> bool:
    """Add a receiver; False when there is one with this address already."""
    added = backend.execute(
        "INSERT INTO webhook_endpoints (id, url, secret, topics, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (url) DO NOTHING",
        (endpoint.id, endpoint.url, endpoint.secret, list(endpoint.topics), endpoint.created_at),
    )
    return added.rowcount > 0


def remove(backend: BackendConnection, endpoint_id: UUID) -> bool:
    """Remove a receiver and what waits for it; False when there is none."""
    removed = backend.execute("DELETE FROM webhook_endpoints WHERE id = %s", (endpoint_id,))
    return removed.rowcount > 0


def listed(backend: BackendConnection) -> list[Endpoint]:
    """List all receivers, the oldest first."""
    return (
        backend.cursor(row_factory=class_row(Endpoint))
        .execute(
            "SELECT id, url, secret, topics, created_at FROM webhook_endpoints ORDER BY created_at, id"
        )
        .fetchall()
    )


def wanting(backend: BackendConnection, topic: str) -> list[UUID]:
    """Name the receivers that want to be told of a topic."""
    rows = backend.execute(
        "SELECT id FROM webhook_endpoints WHERE cardinality(topics) = 0 OR %s = ANY(topics)"
        " ORDER BY created_at, id",
        (topic,),
    ).fetchall()
    return [row[0] for row in rows]


def one(backend: BackendConnection, endpoint_id: UUID) -> Endpoint | None:
    """Find one receiver; None when it was removed."""
    return (
        backend.cursor(row_factory=class_row(Endpoint))
        .execute(
            "SELECT id, url, secret, topics, created_at FROM webhook_endpoints WHERE id = %s",
            (endpoint_id,),
        )
        .fetchone()
    )
