"""Find members and read what an operator is told of one: no words of theirs, only how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.connections import BackendConnection


@dataclass(frozen=True, slots=True)
class Found:
    """Hold one member of a search's answer."""

    id: UUID
    email: str
    name: str
    onboarding_status: str
    is_active: bool
    allow_matching: bool


def search(backend: BackendConnection, asked: str, limit: int) -> list[Found]:
    """Find members whose address, name or id holds what was asked, whatever its case.

    An address that is equal comes first, then those that begin with it.
    """
    return (
        backend.cursor(row_factory=class_row(Found))
        .execute(
            "SELECT id, email, btrim(first_name || ' ' || last_name) AS name,"
            " onboarding_status::text, is_active, allow_matching FROM users"
            " WHERE deleted_at IS NULL AND (strpos(lower(email), lower(%(asked)s)) > 0"
            "  OR strpos(lower(first_name || ' ' || last_name), lower(%(asked)s)) > 0"
            "  OR id::text = lower(%(asked)s))"
            " ORDER BY lower(email) = lower(%(asked)s) DESC,"
            " starts_with(lower(email), lower(%(asked)s)) DESC, lower(email) LIMIT %(limit)s",
            {"asked": asked, "limit": limit},
        )
        .fetchall()
    )


def named(backend: BackendConnection, asked: str) -> UUID | None:
    """Find the member with exactly this address, whatever its case, or this id."""
    try:
        user_id = UUID(asked)
    except ValueError:
        user_id = None
    row = backend.execute(
        "SELECT id FROM users WHERE deleted_at IS NULL"
        " AND (lower(email) = lower(%s) OR id = %s::uuid)",
        (asked, user_id),
    ).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class Account:
    """Hold one account as operators see it; `seen_at` is when a session of it was last used."""

    id: UUID
    email: str
    name: str
    onboarding_status: str
    is_active: bool
    allow_matching: bool
    is_email_verified: bool
    created_at: datetime
    operator: bool
    has_password: bool
    seen_at: datetime | None


def account(backend: BackendConnection, user_id: UUID) -> Account | None:
    """Read an account; None when there is none, or no longer."""
    return (
        backend.cursor(row_factory=class_row(Account))
        .execute(
            "SELECT u.id, u.email, btrim(u.first_name || ' ' || u.last_name) AS name,"
            " u.onboarding_status::text, u.is_active, u.allow_matching, u.is_email_verified,"
            " u.created_at,"
            " EXISTS (SELECT 1 FROM operators o WHERE o.user_id = u.id) AS operator,"
            " EXISTS (SELECT 1 FROM credentials c WHERE c.user_id = u.id) AS has_password,"
            " (SELECT max(s.seen_at) FROM sessions s WHERE s.user_id = u.id) AS seen_at"
            " FROM users u WHERE u.id = %s AND u.deleted_at IS NULL",
            (user_id,),
        )
        .fetchone()
    )


@dataclass(frozen=True, slots=True)
class Pairs:
    """Count one member's pairs: all, undecided, by who said what, and those that ran out.

    `blocks` counts whom they have blocked or who have blocked them.
    """

    all: int
    undecided: int
    said_yes: int
    both_yes: int
    said_no: int
    got_no: int
    expired: int
    blocks: int
    newest: datetime | None


def pairs(backend: BackendConnection, user_id: UUID) -> Pairs:
    """Count the pairs that a member is half of, as the last runs and both decisions left them."""
    row = (
        backend.cursor(row_factory=class_row(Pairs))
        .execute(
            "WITH mine AS (SELECT m.*, s.expires_at, s.updated_at AS scored_at,"
            "  CASE WHEN m.user_a_id = %(id)s THEN m.user_a_decision ELSE m.user_b_decision END"
            "   AS i_say,"
            "  CASE WHEN m.user_a_id = %(id)s THEN m.user_b_decision ELSE m.user_a_decision END"
            "   AS they_say"
            "  FROM matches m LEFT JOIN match_scores s USING (user_a_id, user_b_id)"
            "  WHERE m.user_a_id = %(id)s OR m.user_b_id = %(id)s)"
            " SELECT count(*) AS all,"
            " count(*) FILTER (WHERE i_say = 'pending' AND they_say = 'pending') AS undecided,"
            " count(*) FILTER (WHERE i_say = 'approved' AND they_say <> 'approved') AS said_yes,"
            " count(*) FILTER (WHERE i_say = 'approved' AND they_say = 'approved') AS both_yes,"
            " count(*) FILTER (WHERE i_say = 'declined') AS said_no,"
            " count(*) FILTER (WHERE they_say = 'declined' AND i_say <> 'declined') AS got_no,"
            " count(*) FILTER (WHERE expires_at < now() AND NOT"
            "  (i_say = 'approved' AND they_say = 'approved')) AS expired,"
            " (SELECT count(*) FROM blocks b WHERE %(id)s IN (b.blocker_id, b.blocked_id)) AS blocks,"
            " max(scored_at) AS newest FROM mine",
            {"id": user_id},
        )
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives one row
    return row


@dataclass(frozen=True, slots=True)
class GoodRun:
    """Say when the newest run that made lists began, and when it ended."""

    started_at: datetime
    finished_at: datetime


def newest_good_run(backend: BackendConnection) -> GoodRun | None:
    """Find the newest run that came to its end with lists; None when there was none."""
    return (
        backend.cursor(row_factory=class_row(GoodRun))
        .execute(
            "SELECT started_at, finished_at FROM matching_runs"
            " WHERE state IN ('ready', 'incomplete') AND finished_at IS NOT NULL"
            " ORDER BY started_at DESC LIMIT 1"
        )
        .fetchone()
    )
