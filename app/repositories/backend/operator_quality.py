"""Count scores, lists and decisions as the operators' plots show them; no member is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.databases.connections import BackendConnection


def scores(backend: BackendConnection, bands: int) -> list[int]:
    """Count the pairs that nobody declined by their score (0 to 1), in so many equal bands."""
    rows = backend.execute(
        "SELECT least(floor(s.score * %(bands)s)::int, %(bands)s - 1) AS band, count(*)"
        " FROM match_scores s JOIN matches m USING (user_a_id, user_b_id)"
        " WHERE m.user_a_decision <> 'declined' AND m.user_b_decision <> 'declined'"
        " GROUP BY band",
        {"bands": bands},
    ).fetchall()
    counted: dict[int, int] = dict(rows)
    return [counted.get(band, 0) for band in range(bands)]


@dataclass(frozen=True, slots=True)
class Lists:
    """Say how many members have lists of this length and stand in so many lists of others."""

    length: int
    shown: int
    members: int


def lists(backend: BackendConnection) -> list[Lists]:
    """Count everybody who may be matched by the length of their list and by how many show them.

    A list is what its member is shown: of the pairs that nobody declined and that did not run out,
    those of the last round, and those that somebody has said yes to; all of them where the member
    was in no round.
    """
    backend.execute("SET LOCAL statement_timeout = '10min'")
    # Pairs are joined by two columns at once, of which the planner expects one row: it would look
    # through everybody for each of them.
    backend.execute("SET LOCAL enable_nestloop = off")
    found = (
        backend.cursor(row_factory=class_row(Lists))
        .execute(
            "WITH people AS MATERIALIZED (SELECT u.id FROM users u"
            "  WHERE u.deleted_at IS NULL AND u.is_active AND u.allow_matching"
            "  AND u.onboarding_status = 'completed' AND EXISTS (SELECT 1 FROM user_summaries s"
            "   WHERE s.user_id = u.id AND s.status = 'approved')),"
            " shown AS (SELECT user_id AS viewer, partner_id AS partner FROM introductions"
            "  UNION SELECT user_a_id, user_b_id FROM matches"
            "   WHERE 'approved' IN (user_a_decision, user_b_decision)"
            "  UNION SELECT user_b_id, user_a_id FROM matches"
            "   WHERE 'approved' IN (user_a_decision, user_b_decision)"
            "  UNION SELECT m.user_a_id, m.user_b_id FROM matches m WHERE NOT EXISTS"
            "   (SELECT 1 FROM round_members r WHERE r.user_id = m.user_a_id)"
            "  UNION SELECT m.user_b_id, m.user_a_id FROM matches m WHERE NOT EXISTS"
            "   (SELECT 1 FROM round_members r WHERE r.user_id = m.user_b_id)),"
            " apart AS (SELECT blocker_id AS one, blocked_id AS other FROM blocks"
            "  UNION SELECT blocked_id, blocker_id FROM blocks),"
            " entries AS MATERIALIZED (SELECT shown.viewer, shown.partner FROM shown"
            "  JOIN matches m ON m.user_a_id = least(shown.viewer, shown.partner)"
            "   AND m.user_b_id = greatest(shown.viewer, shown.partner)"
            "  JOIN match_scores s ON s.user_a_id = m.user_a_id AND s.user_b_id = m.user_b_id"
            "  LEFT JOIN apart ON apart.one = shown.viewer AND apart.other = shown.partner"
            "  WHERE apart.one IS NULL"
            "  AND m.user_a_decision <> 'declined' AND m.user_b_decision <> 'declined'"
            "  AND (s.expires_at IS NULL OR s.expires_at > now()"
            "   OR (m.user_a_decision = 'approved' AND m.user_b_decision = 'approved'))"
            "  AND shown.viewer IN (SELECT id FROM people)"
            "  AND shown.partner IN (SELECT id FROM people))"
            # Added up and not joined: a plan made before statistics are there would join row by row.
            " SELECT length, shown, count(*) AS members FROM ("
            "  SELECT member, sum(views)::int AS length, sum(shows)::int AS shown FROM ("
            "   SELECT id AS member, 0 AS views, 0 AS shows FROM people"
            "   UNION ALL SELECT viewer, 1, 0 FROM entries"
            "   UNION ALL SELECT partner, 0, 1 FROM entries) added GROUP BY member) counted"
            " GROUP BY length, shown"
        )
        .fetchall()
    )
    backend.execute("SET LOCAL enable_nestloop = on")
    return found


@dataclass(frozen=True, slots=True)
class Answers:
    """Count decisions whose member was told this much gain: the band, its mean gain, yes and all."""

    band: int
    mean_gain: float
    yes: int
    decided: int


def answers(backend: BackendConnection, bands: int) -> list[Answers]:
    """Count decisions by what the deciding member would gain, in so many equal bands of 0 to 1."""
    return (
        backend.cursor(row_factory=class_row(Answers))
        .execute(
            "SELECT least(floor(r.gain * %(bands)s)::int, %(bands)s - 1) AS band,"
            " avg(r.gain)::float8 AS mean_gain,"
            " count(*) FILTER (WHERE said.decision = 'approved') AS yes, count(*) AS decided"
            " FROM matches m CROSS JOIN LATERAL (VALUES (m.user_a_id, m.user_a_decision),"
            "  (m.user_b_id, m.user_b_decision)) AS said (member, decision)"
            " JOIN match_reasons r ON r.user_a_id = m.user_a_id AND r.user_b_id = m.user_b_id"
            "  AND r.gainer_id = said.member"
            " WHERE said.decision <> 'pending' GROUP BY band ORDER BY band",
            {"bands": bands},
        )
        .fetchall()
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold figures as they were measured, how long that took, and when."""

    figures: dict[str, Any]
    seconds: float
    measured_at: datetime


def kept(backend: BackendConnection) -> Kept | None:
    """Read what was measured last; None when nothing ever was."""
    return (
        backend.cursor(row_factory=class_row(Kept))
        .execute("SELECT figures, seconds, measured_at FROM measured_quality")
        .fetchone()
    )


def keep(backend: BackendConnection, found: Kept) -> None:
    """Write what was measured, in the place of what was there; what is newer stays."""
    backend.execute(
        "INSERT INTO measured_quality (one, figures, seconds, measured_at)"
        " VALUES (true, %s, %s, %s) ON CONFLICT (one) DO UPDATE SET figures = excluded.figures,"
        " seconds = excluded.seconds, measured_at = excluded.measured_at"
        " WHERE measured_quality.measured_at < excluded.measured_at",
        (Jsonb(found.figures), found.seconds, found.measured_at),
    )
