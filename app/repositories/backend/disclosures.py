"""Read and write what members show of themselves, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.disclosure import Disclosure


def by_ids(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, Disclosure]:
    """Read choices by member; those who have chosen nothing are left out."""
    rows = backend.execute(
        "SELECT user_id, last_name, headline, place, picture, about FROM disclosures"
        " WHERE user_id = ANY(%s)",
        (list(user_ids),),
    ).fetchall()
    return {row[0]: Disclosure(*row[1:]) for row in rows}


def put(backend: BackendConnection, user_id: UUID, chosen: Disclosure, at: datetime) -> None:
    """Write a member's choices."""
    backend.execute(
        "INSERT INTO disclosures (user_id, last_name, headline, place, picture, about, updated_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (user_id) DO UPDATE SET"
        " last_name = excluded.last_name, headline = excluded.headline, place = excluded.place,"
        " picture = excluded.picture, about = excluded.about, updated_at = excluded.updated_at",
        (
            user_id,
            chosen.last_name,
            chosen.headline,
            chosen.place,
            chosen.picture,
            chosen.about,
            at,
        ),
    )
