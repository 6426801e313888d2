"""Read and write profiles: what a member tells beside needs and offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Profile:
    """Hold a member's headline, place, languages and fields; `further` keeps every other fact."""

    user_id: UUID
    headline: str = ""
    place: str = ""
    languages: Sequence[str] = ()
    fields: Sequence[str] = ()
    further: Mapping[str, Any] = field(default_factory=dict)


def put(backend: BackendConnection, profile: Profile, at: datetime) -> bool:
    """Write a member's profile, whether there was one or not; tell whether anything was new."""
    written = backend.execute(
        "INSERT INTO profiles"
        " (user_id, headline, place, languages, fields, further, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET headline = excluded.headline, place = excluded.place,"
        " languages = excluded.languages, fields = excluded.fields, further = excluded.further,"
        " updated_at = excluded.updated_at"
        " WHERE (profiles.headline, profiles.place, profiles.languages, profiles.fields,"
        "  profiles.further) IS DISTINCT FROM (excluded.headline, excluded.place,"
        "  excluded.languages, excluded.fields, excluded.further)",
        (
            profile.user_id,
            profile.headline,
            profile.place,
            list(profile.languages),
            list(profile.fields),
            Jsonb(dict(profile.further)),
            at,
            at,
        ),
    )
    return written.rowcount > 0


def by_ids(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, Profile]:
    """Read profiles by member; members without one are left out."""
    rows = (
        backend.cursor(row_factory=class_row(Profile))
        .execute(
            "SELECT user_id, headline, place, languages, fields, further FROM profiles"
            " WHERE user_id = ANY(%s)",
            (list(user_ids),),
        )
        .fetchall()
    )
    return {row.user_id: row for row in rows}
