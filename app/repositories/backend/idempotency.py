"""Remember what programs were answered, by the key they sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Known:
    """Hold what is known of a key; without a status the first call is not answered yet."""

    fingerprint: bytes
    status: int | None
    kind: str
    body: bytes
    created_at: datetime


def claim(
    backend: BackendConnection,
    caller: bytes,
    key: str,
    fingerprint: bytes,
    user_id: UUID | None,
    *,
    at: datetime,
    stale: datetime,
) -> bool:
    """Take a key for a call that begins; False when another call has it.

    A call that began before `stale` and was never answered has lost its key.
    """
    claimed = backend.execute(
        "INSERT INTO idempotency_keys (caller, key, user_id, fingerprint, kind, body, created_at)"
        " VALUES (%(caller)s, %(key)s, %(user)s, %(fingerprint)s, '', '', %(at)s)"
        " ON CONFLICT (caller, key) DO UPDATE SET created_at = excluded.created_at"
        " WHERE idempotency_keys.status IS NULL AND idempotency_keys.created_at < %(stale)s"
        "  AND idempotency_keys.fingerprint = excluded.fingerprint",
        {
            "caller": caller,
            "key": key,
            "user": user_id,
            "fingerprint": fingerprint,
            "at": at,
            "stale": stale,
        },
    )
    return claimed.rowcount > 0


def find(backend: BackendConnection, caller: bytes, key: str) -> Known | None:
    """Find what is known of a key; None when it is new."""
    return (
        backend.cursor(row_factory=class_row(Known))
        .execute(
            "SELECT fingerprint, status, kind, body, created_at FROM idempotency_keys"
            " WHERE caller = %s AND key = %s",
            (caller, key),
        )
        .fetchone()
    )


def answered(
    backend: BackendConnection, caller: bytes, key: str, status: int, kind: str, body: bytes
) -> None:
    """Write what a call was answered."""
    backend.execute(
        "UPDATE idempotency_keys SET status = %s, kind = %s, body = %s"
        " WHERE caller = %s AND key = %s",
        (status, kind, body, caller, key),
    )


def release(backend: BackendConnection, caller: bytes, key: str) -> None:
    """Give a key back that changed nothing, so that the call can be made again."""
    backend.execute("DELETE FROM idempotency_keys WHERE caller = %s AND key = %s", (caller, key))


def forget(backend: BackendConnection, before: datetime) -> int:
    """Forget what was answered long ago; give how much."""
    return backend.execute("DELETE FROM idempotency_keys WHERE created_at < %s", (before,)).rowcount
