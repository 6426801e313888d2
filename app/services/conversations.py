"""Let two who both said yes write to each other: in one order, nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.domain.opening_lines import opening_lines
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import (
    conversations,
    farewells,
    feeds,
    matches,
    profiles,
    users,
    visibility,
)
from app.repositories.backend.conversations import Conversation, Message
from app.services.visibility import may_talk

LONGEST_MESSAGE: Final = 4000  # characters
LONGEST_KEY: Final = 100  # characters
PAGE: Final = 50  # messages
_LEFT: Final = "This member has left; you can still read what you wrote."
_ENDED: Final = "This conversation has ended; you can still read what was written."
OVER: Final = (_LEFT, _ENDED)  # why nothing can be sent any more


@dataclass(frozen=True, slots=True)
class Contact:
    """Hold how to reach somebody outside of this place."""

    email: str
    links: Sequence[str]


@dataclass(frozen=True, slots=True)
class Talk:
    """Hold a conversation with the person in it; `over` says in words why nobody can write."""

    conversation: Conversation
    name: str
    headline: str
    over: str
    contact: Contact | None

    @property
    def id(self) -> UUID:
        """Name the conversation: by its match."""
        return self.conversation.match_id


def of_member(backend: BackendConnection, user_id: UUID) -> list[Talk]:
    """List a member's conversations, newest message first; one they ended themselves is gone."""
    rows = [row for row in conversations.of_member(backend, user_id) if row.ended_by != user_id]
    rows += farewells.of_member(backend, user_id)
    rows.sort(key=lambda row: row.last_at, reverse=True)
    return _talks(backend, user_id, rows)


def find(backend: BackendConnection, user_id: UUID, match_id: UUID) -> Talk:
    """Find one conversation of a member; raise NotFoundError when they have no such one."""
    found = conversations.of_member(backend, user_id, match_id)
    found = found or farewells.of_member(backend, user_id, match_id)
    if not found or found[0].ended_by == user_id:
        raise NotFoundError("There is no such conversation; it opens when both have said yes.")
    return _talks(backend, user_id, found)[0]


def _talks(backend: BackendConnection, user_id: UUID, rows: Sequence[Conversation]) -> list[Talk]:
    ids = [row.partner_id for row in rows if row.partner_id is not None]
    standings = visibility.standings(backend, user_id, ids)
    people, about = users.by_ids(backend, ids), profiles.by_ids(backend, ids)
    talks = []
    for row in rows:
        if row.partner_id is None:
            talks.append(Talk(row, "", "", _LEFT, None))
            continue
        partner, profile = people.get(row.partner_id), about.get(row.partner_id)
        over = _over(row, standings[row.partner_id])
        if partner is None or over:
            name = partner.name if partner and standings[row.partner_id] != "gone" else ""
            talks.append(Talk(row, name, "", over, None))
        else:
            contact = Contact(partner.email, links(profile.further if profile else {}))
            headline = profile.headline if profile else ""
            talks.append(Talk(row, partner.name, headline, "", contact))
    return talks


def _over(row: Conversation, standing: visibility.Standing) -> str:
    if standing == "gone":
        return _LEFT
    if row.ended_at is not None or not may_talk(standing):
        return _ENDED
    return ""


def links(further: Mapping[str, Any]) -> list[str]:
    """Give the links in what a profile holds besides, leaving out what is no web address."""
    found = further.get("links", [])
    if not isinstance(found, list):
        return []
    return [
        one for one in found if isinstance(one, str) and one.startswith(("https://", "http://"))
    ]


def messages(
    backend: BackendConnection,
    user_id: UUID,
    match_id: UUID,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Message]:
    """List messages in their order: after a number, before one, or the last of all."""
    talk = find(backend, user_id, match_id)
    if after is None and before is None:
        before = talk.conversation.last_number + 1
    if talk.conversation.partner_id is None:
        return farewells.messages(backend, match_id, after=after or 0, before=before, limit=limit)
    return conversations.messages(backend, match_id, after=after or 0, before=before, limit=limit)


def send(
    backend: BackendConnection, user_id: UUID, match_id: UUID, body: str, client_key: str
) -> Message:
    """Write a message; the same key again gives the message that was written, and writes none.

    Raises InvalidInputError for an empty or too long text, ConflictError in an ended conversation.
    """
    checked_text(body, what="message", longest=LONGEST_MESSAGE)
    if not body.strip():
        raise InvalidInputError("The message is empty; nothing was sent.")
    if not 0 < len(client_key) <= LONGEST_KEY or "\0" in client_key:
        raise InvalidInputError(
            "A message needs a key of 1 to {longest} characters.", longest=LONGEST_KEY
        )
    if not conversations.lock(backend, match_id, user_id):
        raise ConflictError("Nothing was sent. {why}", why=find(backend, user_id, match_id).over)
    known = conversations.by_key(backend, user_id, client_key)
    if known is not None:
        if known.match_id != match_id or known.body != body:
            raise ConflictError("Another message was sent with this key; use a new key.")
        return known
    talk = find(backend, user_id, match_id)
    if talk.over:
        raise ConflictError("Nothing was sent. {why}", why=talk.over)
    message = conversations.write(backend, match_id, user_id, body, client_key, datetime.now(UTC))
    feeds.bump(backend, _both(user_id, talk))
    return message


def read(backend: BackendConnection, user_id: UUID, match_id: UUID, number: int) -> None:
    """Note that a member has read up to a message, and let the other see it."""
    talk = find(backend, user_id, match_id)
    at = datetime.now(UTC)
    if conversations.mark_read(backend, match_id, user_id, min(number, 2**31 - 1), at):
        feeds.bump(backend, _both(user_id, talk))


def end(backend: BackendConnection, user_id: UUID, match_id: UUID) -> None:
    """End a conversation for both: gone for who ends it, readable for the other."""
    talk = find(backend, user_id, match_id)
    ended = conversations.end(backend, match_id, user_id, datetime.now(UTC))
    if ended or farewells.drop(backend, user_id, match_id):
        feeds.bump(backend, _both(user_id, talk))


def _both(user_id: UUID, talk: Talk) -> list[UUID]:
    partner = talk.conversation.partner_id
    return [user_id] if partner is None else [user_id, partner]


def unread(backend: BackendConnection, user_id: UUID) -> int:
    """Count a member's unread messages."""
    return conversations.unread(backend, user_id)


def opening(backend: BackendConnection, user_id: UUID, match_id: UUID) -> list[str]:
    """Offer first sentences drawn from the reason of the match; none once somebody has written."""
    talk = find(backend, user_id, match_id)
    if talk.conversation.last_number or talk.over:
        return []
    partner = [one for one in _both(user_id, talk) if one != user_id]
    found = matches.of_member(backend, user_id, limit=1, among=partner, match_id=match_id)
    if not found:
        return []
    why = found[0]
    return opening_lines(
        my_need=why.my_need,
        their_offer=why.their_offer,
        their_need=why.their_need,
        my_offer=why.my_offer,
    )
