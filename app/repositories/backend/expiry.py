"""Introductions that nobody answers run out, rest, and may be made again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.databases.arrays import as_array
from app.databases.connections import BackendConnection
from app.domain.decisions import LASTS

# Two texts: a plan that is kept for both would look at everybody's pairs for one member's.
_BEGIN: Final = (
    "UPDATE match_scores s SET expires_at = %(at)s::timestamptz + %(lasts)s::interval"
    " WHERE s.expires_at IS NULL{whose}"
    " AND (EXISTS (SELECT 1 FROM introductions i"
    "   WHERE i.user_id = s.user_a_id AND i.partner_id = s.user_b_id)"
    "  OR EXISTS (SELECT 1 FROM introductions i"
    "   WHERE i.user_id = s.user_b_id AND i.partner_id = s.user_a_id)"
    "  OR NOT EXISTS (SELECT 1 FROM round_members r WHERE r.user_id = s.user_a_id)"
    "  OR NOT EXISTS (SELECT 1 FROM round_members r WHERE r.user_id = s.user_b_id))"
)
_BEGIN_ALL: Final = _BEGIN.format(whose="")
_BEGIN_OF: Final = _BEGIN.format(
    whose=" AND (s.user_a_id = ANY(%(ids)s::uuid[]) OR s.user_b_id = ANY(%(ids)s::uuid[]))"
)


def begin(backend: BackendConnection, at: datetime, user_ids: Sequence[UUID] | None) -> None:
    """Say when introductions that are new run out: of these members, or, for None, of everybody.

    Introduced are those whom the last round shows to each other, and whoever was in no round is to
    everybody they match.
    """
    values = {"at": at, "lasts": LASTS, "ids": as_array(user_ids or ())}
    backend.execute(_BEGIN_ALL if user_ids is None else _BEGIN_OF, values)


def put_off(backend: BackendConnection, a: UUID, b: UUID, until: datetime) -> None:
    """Let an introduction that one side wants to be asked about later last as long again then."""
    backend.execute(
        "UPDATE match_scores SET expires_at = greatest(expires_at,"
        "  %(until)s::timestamptz + %(lasts)s::interval)"
        " WHERE user_a_id = least(%(a)s::uuid, %(b)s::uuid)"
        "  AND user_b_id = greatest(%(a)s::uuid, %(b)s::uuid) AND expires_at IS NOT NULL",
        {"a": a, "b": b, "until": until, "lasts": LASTS},
    )


def ran_out(backend: BackendConnection, a: UUID, b: UUID) -> bool:
    """Say whether the introduction of two members has run out."""
    row = backend.execute(
        "SELECT 1 FROM match_scores WHERE user_a_id = least(%(a)s::uuid, %(b)s::uuid)"
        " AND user_b_id = greatest(%(a)s::uuid, %(b)s::uuid) AND expires_at <= now()",
        {"a": a, "b": b},
    ).fetchone()
    return row is not None
