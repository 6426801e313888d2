"""Read and write needs and offers, in the words of those who said them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from app.databases.connections import BackendConnection
from app.domain.statements import Importance, Kind, Minor, Statement


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what a member's approved summary says, and which version it is."""

    user_id: UUID
    version: int
    statements: tuple[Statement, ...]


def insert(
    backend: BackendConnection,
    user_id: UUID,
    summary_id: UUID,
    needs: Sequence[str],
    offers: Sequence[str],
    at: datetime,
    *,
    minor: Minor | None = None,
) -> None:
    """Write what one version of a summary consists of; what `minor` does not name counts in full."""
    weighed = minor or Minor()
    rows = [
        (
            uuid4(), user_id, summary_id, kind.value, position, text,
            weighed.importance(kind, text).value, at,
        )
        for kind, texts in ((Kind.NEED, needs), (Kind.OFFER, offers))
        for position, text in enumerate(texts)
    ]  # fmt: skip
    with backend.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO statements"
            " (id, user_id, summary_id, kind, position, text, importance, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def of_summary(backend: BackendConnection, summary_id: UUID) -> list[Statement]:
    """List what one version of a summary consists of, in its order."""
    rows = backend.execute(
        "SELECT id, user_id, kind, position, text, importance FROM statements"
        " WHERE summary_id = %s ORDER BY kind, position",
        (summary_id,),
    ).fetchall()
    return [
        Statement(row[0], row[1], Kind(row[2]), row[3], row[4], Importance(row[5])) for row in rows
    ]


def approved(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, Said]:
    """Read the newest approved summary of each member; who has none, or left, is left out."""
    rows = backend.execute(
        "SELECT s.user_id, s.version, t.id, t.kind, t.position, t.text, t.importance"
        " FROM (SELECT DISTINCT ON (user_id) id, user_id, version FROM user_summaries"
        "       WHERE user_id = ANY(%s) AND status = 'approved' AND EXISTS"
        "        (SELECT 1 FROM users u WHERE u.id = user_id AND u.deleted_at IS NULL)"
        "       ORDER BY user_id, version DESC) s"
        " LEFT JOIN statements t ON t.summary_id = s.id ORDER BY s.user_id, t.kind, t.position",
        (list(user_ids),),
    ).fetchall()
    versions: dict[UUID, int] = {}
    said: dict[UUID, list[Statement]] = defaultdict(list)
    for user_id, version, statement_id, kind, position, text, importance in rows:
        versions[user_id] = version
        if statement_id is not None:
            one = Statement(
                statement_id, user_id, Kind(kind), position, text, Importance(importance)
            )
            said[user_id].append(one)
    return {
        user_id: Said(user_id, version, tuple(said[user_id]))
        for user_id, version in versions.items()
    }


def texts(backend: BackendConnection, statement_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Read statements' words by their ids."""
    rows = backend.execute(
        "SELECT id, text FROM statements WHERE id = ANY(%s)", (list(statement_ids),)
    ).fetchall()
    return {row[0]: row[1] for row in rows}
