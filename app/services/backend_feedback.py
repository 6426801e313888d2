"""Take what members decided and said of matches in another backend, and let it move their lists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from app.databases.connections import BackendConnection
from app.repositories.backend import backend_calls, outbox, pairs_beside, users
from app.repositories.backend.backend_calls import Feedback
from app.services import topics

SAME_CALL: Final = timedelta(minutes=10)  # three tries of a minute each, and some
_YES: Final = frozenset({"approved", "approve", "accepted", "accept", "yes", "like", "liked"})
_NO: Final = frozenset(
    {"declined", "decline", "rejected", "reject", "no", "pass", "passed", "dislike", "disliked"}
)

Decision = Literal["approved", "declined", "pending"]


def decided(word: str) -> Decision:
    """Read a decision; a word that is neither a yes nor a no decides nothing."""
    plain = word.strip().casefold()
    return "approved" if plain in _YES else "declined" if plain in _NO else "pending"


def decide(
    backend: BackendConnection,
    user_id: UUID,
    match_id: UUID,
    word: str,
    *,
    tags: Sequence[str] = (),
    text: str = "",
    milliseconds: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> bool:
    """Take a decision with its reasons; False when it was told before. The lists follow."""
    partner = _partner(backend, user_id, match_id)
    told = Feedback(
        user_id, match_id, "decision", partner, decided(word), _unique(tags), text,
        attributes or {}, milliseconds,
    )  # fmt: skip
    return _take(backend, told)


def comment(
    backend: BackendConnection,
    user_id: UUID,
    kind: Literal["match", "chat"],
    subject: UUID,
    said: str,
) -> bool:
    """Take a remark about a match or about a conversation of assistants, as `decide` does."""
    users.by_id(backend, user_id)
    partner = _partner(backend, user_id, subject) if kind == "match" else None
    return _take(backend, Feedback(user_id, subject, kind, partner, decided(said), (), said))


def _take(backend: BackendConnection, told: Feedback) -> bool:
    if not backend_calls.put_feedback(backend, told):
        return False
    if not backend_calls.work_waits(backend, told.user_id, topics.MATCH_SYNC, {}):
        outbox.add(backend, topics.MATCH_SYNC, [told.user_id])
    if backend.beside_nestjs and told.partner_id is not None:
        pairs_beside.cause_telling(backend, [told.partner_id])
    return True


def _partner(backend: BackendConnection, user_id: UUID, match_id: UUID) -> UUID | None:
    users.by_id(backend, user_id)
    sides = pairs_beside.sides(backend, match_id)
    if sides is None or user_id not in sides:
        return None
    return sides[1] if sides[0] == user_id else sides[0]


def _unique(tags: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def chat(backend: BackendConnection, initiator: UUID, responder: UUID, match_id: UUID) -> bool:
    """Cause two assistants to talk; False when the same was asked for a moment ago."""
    for user_id in (initiator, responder):
        users.by_id(backend, user_id)
    asked = {"responder_id": str(responder), "match_id": str(match_id)}
    key = json.dumps(["ai-chat", str(initiator), asked], sort_keys=True).encode()
    if not backend_calls.first_time(backend, hashlib.sha256(key).digest(), within=SAME_CALL):
        return False
    outbox.add(backend, topics.AI_CHAT, [initiator], asked)
    return True
