"""Write accounts, profiles and summaries of many members at once: one statement for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection
from app.domain.statements import Importance, Kind, Minor
from app.errors import NotFoundError
from app.repositories.backend.profiles import Profile
from app.repositories.backend.summaries import Summary


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what a summary says, and which of it is minor."""

    needs: Sequence[str]
    offers: Sequence[str]
    minor: Minor


@dataclass(frozen=True, slots=True)
class Account:
    """Hold whose account an e-mail address is, and whether it was made just now."""

    id: UUID
    first_name: str
    last_name: str
    created: bool


def accounts(
    backend: BackendConnection, people: Sequence[tuple[str, str, str]], at: datetime
) -> list[Account]:
    """Find or make the account of each (e-mail, first name, last name), in their order.

    Two addresses of one account give it twice. Raises NotFoundError for a deleted account.
    """
    emails, first, last = (list(column) for column in zip(*people, strict=True))
    made = {
        row[0]
        for row in backend.execute(
            "INSERT INTO users (id, email, first_name, last_name, onboarding_status, is_active,"
            " allow_matching, is_email_verified, created_at, updated_at)"
            " SELECT id, email, first_name, last_name, 'not_started', true, true, false, %s, %s"
            " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])"
            "  AS m (id, email, first_name, last_name)"
            " ON CONFLICT (lower(email)) DO NOTHING RETURNING id",
            (at, at, [uuid4() for _ in people], emails, first, last),
        ).fetchall()
    }
    rows = backend.execute(
        "SELECT u.id, u.first_name, u.last_name"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS m (email, place)"
        " JOIN users u ON lower(u.email) = lower(m.email) AND u.deleted_at IS NULL"
        " ORDER BY m.place",
        (emails,),
    ).fetchall()
    if len(rows) < len(people):
        raise NotFoundError(f"{len(people) - len(rows)} of these accounts were deleted.")
    return [Account(row[0], row[1], row[2], row[0] in made) for row in rows]


def put_profiles(
    backend: BackendConnection, profiles: Sequence[Profile], at: datetime
) -> frozenset[UUID]:
    """Write members' profiles, whether there were any or not; give those of whom anything is new."""
    rows = backend.execute(
        "INSERT INTO profiles"
        " (user_id, headline, place, languages, fields, further, created_at, updated_at)"
        " SELECT user_id, headline, place,"
        "  ARRAY(SELECT jsonb_array_elements_text(languages)),"
        "  ARRAY(SELECT jsonb_array_elements_text(fields)), further, %(at)s, %(at)s"
        " FROM unnest(%(ids)s::uuid[], %(headlines)s::text[], %(places)s::text[],"
        "  %(languages)s::jsonb[], %(fields)s::jsonb[], %(further)s::jsonb[])"
        "  AS m (user_id, headline, place, languages, fields, further)"
        " ON CONFLICT (user_id) DO UPDATE SET headline = excluded.headline, place = excluded.place,"
        " languages = excluded.languages, fields = excluded.fields, further = excluded.further,"
        " updated_at = excluded.updated_at"
        " WHERE (profiles.headline, profiles.place, profiles.languages, profiles.fields,"
        "  profiles.further) IS DISTINCT FROM (excluded.headline, excluded.place,"
        "  excluded.languages, excluded.fields, excluded.further) RETURNING user_id",
        {
            "at": at,
            "ids": [one.user_id for one in profiles],
            "headlines": [one.headline for one in profiles],
            "places": [one.place for one in profiles],
            "languages": [Jsonb(list(one.languages)) for one in profiles],
            "fields": [Jsonb(list(one.fields)) for one in profiles],
            "further": [Jsonb(dict(one.further)) for one in profiles],
        },
    ).fetchall()
    return frozenset(row[0] for row in rows)


def latest_summaries(
    backend: BackendConnection, user_ids: Sequence[UUID]
) -> dict[UUID, tuple[Summary, Said]]:
    """Read each member's newest summary with the needs and offers it says; who has none is left out."""
    found = (
        backend.cursor(row_factory=class_row(Summary))
        .execute(
            "SELECT DISTINCT ON (user_id) id, user_id, status, summary, version"
            " FROM user_summaries WHERE user_id = ANY(%s) ORDER BY user_id, version DESC",
            (list(user_ids),),
        )
        .fetchall()
    )
    rows: dict[UUID, list[tuple[Kind, str, Importance]]] = defaultdict(list)
    for summary_id, kind, text, importance in backend.execute(
        "SELECT summary_id, kind, text, importance FROM statements WHERE summary_id = ANY(%s)"
        " ORDER BY summary_id, kind, position",
        ([one.id for one in found],),
    ).fetchall():
        rows[summary_id].append((Kind(kind), text, Importance(importance)))
    return {one.user_id: (one, _said(rows[one.id])) for one in found}


def _said(rows: Sequence[tuple[Kind, str, Importance]]) -> Said:
    needs, offers = ([text for k, text, _ in rows if k is kind] for kind in (Kind.NEED, Kind.OFFER))
    minor = Minor(
        *(
            frozenset(text for k, text, i in rows if k is kind and i is Importance.MINOR)
            for kind in (Kind.NEED, Kind.OFFER)
        )
    )
    return Said(needs, offers, minor)


@dataclass(frozen=True, slots=True)
class Draft:
    """Hold what a member's next summary is made of."""

    text: str
    needs: Sequence[str]
    offers: Sequence[str]
    minor: Minor


def write_summaries(
    backend: BackendConnection, drafts: Mapping[UUID, Draft], status: str, at: datetime
) -> dict[UUID, int]:
    """Write the next version of members' summaries, complete their onboarding; give the versions.

    Raises NotFoundError when one of the members is gone.
    """
    ids = sorted(drafts)
    # The members' rows are locked so that two writers at once take two versions.
    held = backend.execute(
        "SELECT 1 FROM users WHERE id = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR UPDATE",
        (ids,),
    ).fetchall()
    if len(held) < len(ids):
        raise NotFoundError(f"{len(ids) - len(held)} members are gone; no summary was written.")
    summary_ids = {user_id: uuid4() for user_id in ids}
    rows = backend.execute(
        "INSERT INTO user_summaries"
        " (id, user_id, status, summary, version, webhook, urgency, created_at, updated_at)"
        " SELECT m.id, m.user_id, %s, m.summary, coalesce((SELECT max(s.version)"
        "  FROM user_summaries s WHERE s.user_id = m.user_id), 0) + 1, false, 'ongoing', now(),"
        "  now() FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS m (id, user_id, summary)"
        " RETURNING user_id, version",
        (status, list(summary_ids.values()), ids, [drafts[user_id].text for user_id in ids]),
    ).fetchall()
    _write_statements(backend, drafts, summary_ids, at)
    backend.execute("UPDATE users SET onboarding_status = 'completed' WHERE id = ANY(%s)", (ids,))
    return dict(rows)


def _write_statements(
    backend: BackendConnection,
    drafts: Mapping[UUID, Draft],
    summary_ids: Mapping[UUID, UUID],
    at: datetime,
) -> None:
    rows = [
        (
            uuid4(), user_id, summary_ids[user_id], kind.value, position, text,
            draft.minor.importance(kind, text).value,
        )
        for user_id, draft in drafts.items()
        for kind, texts in ((Kind.NEED, draft.needs), (Kind.OFFER, draft.offers))
        for position, text in enumerate(texts)
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    backend.execute(
        "INSERT INTO statements"
        " (id, user_id, summary_id, kind, position, text, importance, created_at)"
        " SELECT id, user_id, summary_id, kind, position, text, importance, %s"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[],"
        "  %s::text[]) AS m (id, user_id, summary_id, kind, position, text, importance)",
        (at, *columns),
    )


def approve_summaries(backend: BackendConnection, summary_ids: Sequence[UUID]) -> None:
    """Mark drafts as approved."""
    backend.execute(
        "UPDATE user_summaries SET status = 'approved', updated_at = now() WHERE id = ANY(%s)",
        (list(summary_ids),),
    )
