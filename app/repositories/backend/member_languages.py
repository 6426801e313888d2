"""Read and write the language in which a member reads."""

from __future__ import annotations

from uuid import UUID

from app.databases.connections import BackendConnection


def of_member(backend: BackendConnection, user_id: UUID) -> str | None:
    """Give a member's language; None when they never chose or showed one."""
    row = backend.execute(
        "SELECT language FROM member_languages WHERE user_id = %s", (user_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def put(backend: BackendConnection, user_id: UUID, language: str) -> None:
    """Write a member's language."""
    backend.execute(
        "INSERT INTO member_languages (user_id, language, updated_at) VALUES (%s, %s, now())"
        " ON CONFLICT (user_id) DO UPDATE SET language = excluded.language,"
        " updated_at = excluded.updated_at WHERE member_languages.language <> excluded.language",
        (user_id, language),
    )
