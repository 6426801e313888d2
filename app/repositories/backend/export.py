"""Read everything the backend database holds about one member, table by table.

What lets somebody in is not given, only that it is there; neither is what another member decided
before both have said yes, nor who reported somebody. A test holds the tables against the dictionary.
"""

from __future__ import annotations

from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from app.databases.connections import BackendConnection

STATEMENTS: Final[dict[str, LiteralString]] = {
    "users": "SELECT * FROM users WHERE id = %(id)s",
    "profiles": "SELECT * FROM profiles WHERE user_id = %(id)s",
    "pictures": "SELECT version, length(body) AS bytes, updated_at FROM pictures"
    " WHERE user_id = %(id)s",
    "user_summaries": "SELECT * FROM user_summaries WHERE user_id = %(id)s ORDER BY version",
    "statements": "SELECT s.* FROM statements s WHERE s.user_id = %(id)s"
    " ORDER BY s.created_at, s.kind, s.position",
    "public_summaries": "SELECT * FROM public_summaries WHERE user_id = %(id)s ORDER BY created_at",
    "onboarding_sessions": "SELECT * FROM onboarding_sessions WHERE user_id = %(id)s",
    "onboarding_messages": "SELECT * FROM onboarding_messages WHERE user_id = %(id)s"
    " ORDER BY position",
    "onboarding_items": "SELECT * FROM onboarding_items WHERE user_id = %(id)s"
    " ORDER BY created_at, id",
    "member_rules": "SELECT * FROM member_rules WHERE user_id = %(id)s",
    "member_languages": "SELECT * FROM member_languages WHERE user_id = %(id)s",
    "disclosures": "SELECT * FROM disclosures WHERE user_id = %(id)s",
    "notification_choices": "SELECT * FROM notification_choices WHERE user_id = %(id)s",
    "matches": "SELECT m.id, CASE WHEN m.user_a_id = %(id)s THEN m.user_b_id ELSE m.user_a_id END"
    "  AS partner_id, CASE WHEN m.user_a_id = %(id)s THEN m.user_a_decision"
    "  ELSE m.user_b_decision END AS my_decision, m.status = 'approved' AS both_said_yes,"
    "  m.match_tier, m.created_at, m.updated_at FROM matches m"
    " WHERE %(id)s IN (m.user_a_id, m.user_b_id) ORDER BY m.created_at, m.id",
    "match_scores": "SELECT s.user_a_id, s.user_b_id, s.score, s.tier, s.model, s.algorithm,"
    "  s.expires_at, s.created_at FROM match_scores s"
    " WHERE %(id)s IN (s.user_a_id, s.user_b_id) ORDER BY s.score DESC",
    "match_reasons": "SELECT * FROM match_reasons WHERE gainer_id = %(id)s ORDER BY gain DESC",
    "match_feedback": "SELECT match_id, decision, reason_tags, reason_text FROM match_feedback"
    " WHERE user_id = %(id)s",
    "introductions": "SELECT * FROM introductions WHERE user_id = %(id)s ORDER BY place",
    "introductions_seen": "SELECT * FROM introductions_seen WHERE user_id = %(id)s",
    "postponements": "SELECT * FROM postponements WHERE user_id = %(id)s",
    "readiness": "SELECT * FROM readiness WHERE user_id = %(id)s",
    "round_members": "SELECT * FROM round_members WHERE user_id = %(id)s",
    "conversations": "SELECT match_id, CASE WHEN user_a_id = %(id)s THEN user_b_id ELSE user_a_id"
    "  END AS partner_id, last_number AS messages, opened_at, last_at, ended_at"
    " FROM conversations WHERE %(id)s IN (user_a_id, user_b_id) ORDER BY opened_at",
    "messages": "SELECT g.id, g.match_id, g.sender_id = %(id)s AS mine, g.body, g.created_at,"
    "  g.read_at FROM messages g JOIN matches m ON m.id = g.match_id"
    " WHERE %(id)s IN (m.user_a_id, m.user_b_id) ORDER BY g.match_id, g.created_at",
    "message_numbers": "SELECT * FROM message_numbers WHERE sender_id = %(id)s"
    " ORDER BY match_id, number",
    "farewells": "SELECT * FROM farewells WHERE user_id = %(id)s",
    "kept_messages": "SELECT * FROM kept_messages WHERE user_id = %(id)s"
    " ORDER BY farewell_id, number",
    "blocks": "SELECT blocked_id, created_at FROM blocks WHERE blocker_id = %(id)s",
    "reports": "SELECT id, reporter_id IS NOT DISTINCT FROM %(id)s AS mine, reason,"
    "  CASE WHEN reporter_id = %(id)s THEN text END AS text, state, outcome, created_at"
    " FROM reports WHERE reporter_id = %(id)s OR (about_id = %(id)s AND state = 'handled')",
    "credentials": "SELECT changed_at FROM credentials WHERE user_id = %(id)s",
    "operators": "SELECT since FROM operators WHERE user_id = %(id)s",
    "sign_ups": "SELECT s.email, s.first_name, s.last_name, s.created_at, s.expires_at"
    " FROM sign_ups s JOIN users u ON lower(u.email) = lower(s.email) WHERE u.id = %(id)s",
    "account_links": "SELECT purpose, email, created_at, expires_at FROM account_links"
    " WHERE user_id = %(id)s",
    "sessions": "SELECT kind, label, created_at, seen_at, expires_at FROM sessions"
    " WHERE user_id = %(id)s",
    "letters": "SELECT recipient, subject, state, attempts, created_at, sent_at FROM letters"
    " WHERE user_id = %(id)s ORDER BY created_at",
    "unsubscribe_links": "SELECT kinds, created_at FROM unsubscribe_links WHERE user_id = %(id)s",
    "departures": "SELECT * FROM departures WHERE user_id = %(id)s",
    "erasure_receipts": "SELECT erased_at, removed FROM erasure_receipts WHERE user_id = %(id)s",
    "idempotency_keys": "SELECT key, status, kind, created_at FROM idempotency_keys"
    " WHERE user_id = %(id)s",
    "feeds": "SELECT * FROM feeds WHERE user_id = %(id)s",
    "outbox": "SELECT id, topic, payload, state, attempts, created_at, finished_at FROM outbox"
    " WHERE user_id = %(id)s ORDER BY id",
    "operator_actions": "SELECT action, details, at FROM operator_actions WHERE about_id = %(id)s"
    " ORDER BY at",
    "webhook_deliveries": "SELECT kind, body, state, attempts, created_at, finished_at"
    " FROM webhook_deliveries WHERE user_id = %(id)s ORDER BY created_at",
    "told_matches": "SELECT told_at FROM told_matches WHERE user_id = %(id)s",
    "backend_feedback": "SELECT * FROM backend_feedback WHERE user_id = %(id)s ORDER BY created_at",
}


def rows(backend: BackendConnection, table: str, user_id: UUID) -> list[dict[str, Any]]:
    """Read what one table holds about a member; raise KeyError for a table that has no statement."""
    cursor = backend.cursor(row_factory=dict_row)
    return cursor.execute(STATEMENTS[table], {"id": user_id}).fetchall()
