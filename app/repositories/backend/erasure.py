"""Remove everything the backend database holds of a member.

A table that is not named here goes with the row it refers to (ON DELETE CASCADE); a test holds the
two together against the dictionary of tables.
"""

from __future__ import annotations

from typing import Final, LiteralString
from uuid import UUID

from app.databases.connections import BackendConnection

# In an order in which nothing refers to what is gone already.
STATEMENTS: Final[dict[str, LiteralString]] = {
    "message_numbers": "DELETE FROM message_numbers WHERE sender_id = %(id)s OR match_id IN"
    " (SELECT id FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s)",
    "messages": "DELETE FROM messages WHERE sender_id = %(id)s OR match_id IN"
    " (SELECT id FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s)",
    "match_feedback": "DELETE FROM match_feedback WHERE user_id = %(id)s OR match_id IN"
    " (SELECT id FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s)",
    "conversations": "DELETE FROM conversations WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
    "match_reasons": "DELETE FROM match_reasons WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
    "match_scores": "DELETE FROM match_scores WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
    "matches": "DELETE FROM matches WHERE user_a_id = %(id)s OR user_b_id = %(id)s",
    "introductions": "DELETE FROM introductions WHERE user_id = %(id)s OR partner_id = %(id)s",
    "round_members": "DELETE FROM round_members WHERE user_id = %(id)s",
    "readiness": "DELETE FROM readiness WHERE user_id = %(id)s",
    # What another member's webhook told of this one goes as well; one on its way is made anew.
    "webhook_deliveries": "DELETE FROM webhook_deliveries WHERE user_id = %(id)s OR"
    " (state NOT IN ('waiting', 'sending') AND strpos(body::text, %(id)s::text) > 0)",
    "told_matches": "DELETE FROM told_matches WHERE user_id = %(id)s",
    "backend_feedback": "DELETE FROM backend_feedback"
    " WHERE user_id = %(id)s OR partner_id = %(id)s",
    "postponements": "DELETE FROM postponements WHERE user_id = %(id)s OR partner_id = %(id)s",
    "introductions_seen": "DELETE FROM introductions_seen"
    " WHERE user_id = %(id)s OR partner_id = %(id)s",
    "blocks": "DELETE FROM blocks WHERE blocker_id = %(id)s OR blocked_id = %(id)s",
    "letters": "DELETE FROM letters WHERE user_id = %(id)s"
    " OR lower(recipient) = (SELECT lower(email) FROM users WHERE id = %(id)s)",
    "sign_ups": "DELETE FROM sign_ups"
    " WHERE lower(email) = (SELECT lower(email) FROM users WHERE id = %(id)s)",
    "account_links": "DELETE FROM account_links WHERE user_id = %(id)s",
    "sessions": "DELETE FROM sessions WHERE user_id = %(id)s",
    "credentials": "DELETE FROM credentials WHERE user_id = %(id)s",
    "operators": "DELETE FROM operators WHERE user_id = %(id)s",
    "operator_actions": "UPDATE operator_actions SET"
    " about_id = nullif(about_id, %(id)s), operator_id = nullif(operator_id, %(id)s)"
    " WHERE about_id = %(id)s OR operator_id = %(id)s",
    "feeds": "DELETE FROM feeds WHERE user_id = %(id)s",
    "member_rules": "DELETE FROM member_rules WHERE user_id = %(id)s",
    "member_languages": "DELETE FROM member_languages WHERE user_id = %(id)s",
    "disclosures": "DELETE FROM disclosures WHERE user_id = %(id)s",
    # What somebody reported about another is looked at all the same, without their words.
    "reports": "WITH theirs AS (UPDATE reports SET reporter_id = nullif(reporter_id, %(id)s),"
    "  handled_by = nullif(handled_by, %(id)s),"
    "  text = CASE WHEN reporter_id = %(id)s THEN '' ELSE text END"
    "  WHERE %(id)s IN (reporter_id, handled_by) AND about_id <> %(id)s)"
    " DELETE FROM reports WHERE about_id = %(id)s",
    "notification_choices": "DELETE FROM notification_choices WHERE user_id = %(id)s",
    "unsubscribe_links": "DELETE FROM unsubscribe_links WHERE user_id = %(id)s",
    "pictures": "DELETE FROM pictures WHERE user_id = %(id)s",
    "departures": "DELETE FROM departures WHERE user_id = %(id)s",
    "kept_messages": "DELETE FROM kept_messages WHERE user_id = %(id)s",
    "farewells": "DELETE FROM farewells WHERE user_id = %(id)s",
    "idempotency_keys": "DELETE FROM idempotency_keys WHERE user_id = %(id)s",
    "onboarding_items": "DELETE FROM onboarding_items WHERE user_id = %(id)s",
    "onboarding_messages": "DELETE FROM onboarding_messages WHERE user_id = %(id)s",
    "onboarding_sessions": "DELETE FROM onboarding_sessions WHERE user_id = %(id)s",
    "public_summaries": "DELETE FROM public_summaries WHERE user_id = %(id)s",
    "statements": "DELETE FROM statements WHERE user_id = %(id)s",
    "profiles": "DELETE FROM profiles WHERE user_id = %(id)s",
    "user_summaries": "DELETE FROM user_summaries WHERE user_id = %(id)s",
    "outbox": "DELETE FROM outbox WHERE user_id = %(id)s",
    "users": "DELETE FROM users WHERE id = %(id)s",
}


# What this platform holds of members beside another backend, in an order in which nothing refers to
# what is gone already.
BESIDE_ANOTHER: Final = (
    "match_reasons",
    "match_scores",
    "introductions",
    "round_members",
    "readiness",
    "webhook_deliveries",
    "told_matches",
    "backend_feedback",
    "onboarding_items",
    "onboarding_messages",
    "onboarding_sessions",
    "public_summaries",
    "statements",
    "profiles",
    "outbox",
)


def lock(backend: BackendConnection, user_id: UUID) -> bool:
    """Wait for whoever is writing rows that refer to this account; say whether it exists."""
    row = backend.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", (user_id,)).fetchone()
    return row is not None


def remove(backend: BackendConnection, user_id: UUID) -> dict[str, int]:
    """Remove the account and every row that is about it; give how many rows went, by table."""
    removed = {}
    for table in STATEMENTS:
        rows = backend.execute(STATEMENTS[table], {"id": user_id}).rowcount
        if rows:
            removed[table] = rows
    return removed


def forget(backend: BackendConnection, user_id: UUID) -> None:
    """Remove what is ours of a member; what is another backend's is that backend's to remove."""
    for table in BESIDE_ANOTHER:
        backend.execute(STATEMENTS[table], {"id": user_id})
