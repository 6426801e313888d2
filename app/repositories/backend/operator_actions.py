"""Write down what operators do, and read it; no row is ever changed but by an erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Noted:
    """Hold one thing that an operator did; the names are those of today, None after an erasure."""

    id: UUID
    operator_id: UUID | None
    operator: str | None
    action: str
    about_id: UUID | None
    about: str | None
    details: Mapping[str, Any]
    request: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Say which rows are wanted; what is None or empty asks for nothing."""

    operator_id: UUID | None = None
    about_id: UUID | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def add(
    backend: BackendConnection,
    operator_id: UUID,
    action: str,
    about_ids: Sequence[UUID | None],
    details: Mapping[str, Any],
    request: str,
) -> None:
    """Write one row for each member whom an action is about, or one about nobody (None)."""
    with backend.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO operator_actions (id, operator_id, action, about_id, details, request, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, now())",
            [
                (uuid4(), operator_id, action, about, Jsonb(dict(details)), request)
                for about in about_ids
            ],
        )


def listed(
    backend: BackendConnection,
    wanted: Filter,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Noted]:
    """List what was done, the newest first; `after` is time and id of the last row before."""
    at, last = after or (None, None)
    return (
        backend.cursor(row_factory=class_row(Noted))
        .execute(
            "SELECT a.id, a.operator_id, o.email AS operator, a.action, a.about_id,"
            " coalesce(nullif(btrim(m.first_name || ' ' || m.last_name), ''), m.email) AS about,"
            " a.details, a.request, a.at FROM operator_actions a"
            " LEFT JOIN users o ON o.id = a.operator_id LEFT JOIN users m ON m.id = a.about_id"
            " WHERE (%(operator)s::uuid IS NULL OR a.operator_id = %(operator)s::uuid)"
            " AND (%(about)s::uuid IS NULL OR a.about_id = %(about)s::uuid)"
            " AND (%(action)s::text = '' OR a.action = %(action)s::text)"
            " AND (%(since)s::timestamptz IS NULL OR a.at >= %(since)s::timestamptz)"
            " AND (%(until)s::timestamptz IS NULL OR a.at < %(until)s::timestamptz)"
            " AND (%(at)s::timestamptz IS NULL"
            "  OR (a.at, a.id) < (%(at)s::timestamptz, %(last)s::uuid))"
            " ORDER BY a.at DESC, a.id DESC LIMIT %(limit)s",
            {
                "operator": wanted.operator_id,
                "about": wanted.about_id,
                "action": wanted.action,
                "since": wanted.since,
                "until": wanted.until,
                "at": at,
                "last": last,
                "limit": limit,
            },
        )
        .fetchall()
    )


@dataclass(frozen=True, slots=True)
class Operator:
    """Name somebody who runs this place."""

    user_id: UUID
    email: str


def operators(backend: BackendConnection) -> list[Operator]:
    """List those who run this place, by their address."""
    return (
        backend.cursor(row_factory=class_row(Operator))
        .execute(
            "SELECT o.user_id, u.email FROM operators o JOIN users u ON u.id = o.user_id"
            " ORDER BY u.email"
        )
        .fetchall()
    )
