"""Compose what the backend beside this platform is told: one member's whole set at a time.

It replaces that member's set by what it is told, so decided pairs are always among it: one left out
would be deleted with its conversation.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.explaining import explained
from app.repositories.backend import deliveries, outbox, pairs_beside, profiles, users
from app.repositories.backend.listed import Listed
from app.services import comparing, visibility
from app.services.steps import OnBackend, Step

log = logging.getLogger(__name__)

LIST_LENGTH: Final = 20
LIVES: Final = timedelta(days=1)  # so long a webhook is tried again
MOST_BYTES: Final = 1_800_000  # of a body; the backend takes two megabytes
_ALL: Final = 10_000  # pairs of one member
REPLACE, ADD, SUMMARY, CHAT = (
    "matches-ready",
    "user-matches-ready",
    "summary-ready",
    "ai-chat-ready",
)
TOLD_OF_MATCHES: Final = (REPLACE, ADD)


@dataclass(slots=True)
class TellJob:
    """Carry the members of whose sets the backend is told."""

    user_ids: Sequence[UUID]
    event_ids: Sequence[int] = ()
    written: list[UUID] = field(default_factory=list)


def _tell(backend: BackendConnection, job: TellJob) -> None:
    for user_id in job.user_ids:
        if tell(backend, user_id):
            job.written.append(user_id)
    outbox.done(backend, job.event_ids)


STEPS: Sequence[Step[TellJob]] = (OnBackend("compose webhooks", _tell),)


def tell(backend: BackendConnection, user_id: UUID) -> bool:
    """Write the webhooks of a member's set; False when there is nothing new to tell.

    Nothing is told of a member who may not be matched, and an empty set would change nothing there.
    """
    if not users.valid_ids(backend, [user_id]):
        return False
    entries = _entries(backend, user_id)
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).digest()
    if not entries or not deliveries.told(backend, user_id, digest):
        return False
    deliveries.supersede(backend, user_id, TOLD_OF_MATCHES)
    first, others = _split(entries)
    deliveries.add(backend, REPLACE, {"matches": first}, user_id=user_id, lives=LIVES)
    for chunk in others:
        body = {"user_id": str(user_id), "matches": chunk}
        deliveries.add(backend, ADD, body, user_id=user_id, lives=LIVES)
    return True


def tell_summary(backend: BackendConnection, user_id: UUID, text: str) -> None:
    """Write the webhook that says that a member's summary can be read."""
    deliveries.supersede(backend, user_id, [SUMMARY])
    body = {"user_id": str(user_id), "summary": text}
    deliveries.add(backend, SUMMARY, body, user_id=user_id, lives=LIVES)


def _entries(backend: BackendConnection, user_id: UUID) -> list[dict[str, Any]]:
    """List the decided pairs, bare where nothing is known of them, and then the best open ones."""
    decided = pairs_beside.decided(backend, user_id)
    settled = {one.partner_id for one in decided}
    scored = {
        one.partner_id: one
        for one in pairs_beside.of_member(backend, user_id, limit=_ALL, declined=True)
    }
    open_ = [
        one.partner_id
        for one in pairs_beside.of_member(backend, user_id, limit=_ALL)
        if one.partner_id not in settled
    ]
    hidden = set(visibility.hidden(backend, user_id, open_))
    chosen = [partner for partner in open_ if partner not in hidden][:LIST_LENGTH]
    kept = [one.partner_id for one in decided if one.held or not one.declined]
    people = users.by_ids(backend, [user_id, *kept, *chosen])
    about = profiles.by_ids(backend, list(people))
    return [
        _entry(user_id, people[partner], scored.get(partner), about)
        for partner in (*kept, *chosen)
        if partner in people
    ]


def _entry(
    user_id: UUID,
    partner: users.User,
    one: Listed | None,
    about: Mapping[UUID, profiles.Profile],
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "user_a_id": str(user_id),
        "user_b_id": str(partner.id),
        "user_a_designation": about[user_id].headline if user_id in about else "",
        "user_b_designation": about[partner.id].headline if partner.id in about else "",
    }
    if one is None:
        return entry
    told = explained(partner.name, *comparing.halves(one), one.score)
    return entry | {
        "match_score": told.score,
        "explanation": told.summary,
        "headline": told.headline,
        "key_points": told.synergy_areas,
        "match_tier": told.tier,
        "synergy_areas": told.synergy_areas,
        "friction_points": told.friction_points,
        "talking_points": told.talking_points,
        "score_breakdown": told.breakdown,
        "reciprocal": True,
    }


def _split(
    entries: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """Part a set that is too large for one body: a second replacing call would undo the first.

    So what does not fit is added by calls that only add. In a set so large, explanations go first.
    """
    if _size(entries) <= MOST_BYTES:
        return entries, []
    bare = [
        {name: entry[name] for name in entry if name in _BARE and name in entry}
        for entry in entries
    ]
    first, rest = _fitting(bare)
    added = [
        {
            "target_user_id": entry["user_b_id"],
            "target_user_designation": entry["user_b_designation"],
        }
        | ({"match_score": entry["match_score"]} if "match_score" in entry else {})
        for entry in rest
    ]
    chunks = []
    while added:
        chunk, added = _fitting(added)
        chunks.append(chunk)
    return first, chunks


_BARE: Final = (
    "user_a_id",
    "user_b_id",
    "user_a_designation",
    "user_b_designation",
    "match_score",
    "match_tier",
)


def _fitting(
    entries: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    size, count = 0, 0
    for entry in entries:
        size += _size(entry) + 2
        if size > MOST_BYTES and count:
            break
        count += 1
    return entries[:count], entries[count:]


def _size(content: object) -> int:
    return len(json.dumps(content).encode())
