"""Say what one member may see of another: one rule for lists, pages, messages and matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError, NotFoundError
from app.repositories.backend import conversations, decisions, feeds, visibility
from app.repositories.backend.visibility import Standing
from app.services import disclosure


def hidden(backend: BackendConnection, viewer_id: UUID, others: Sequence[UUID]) -> list[UUID]:
    """Name those of the others who may not be introduced to the viewer."""
    found = visibility.standings(backend, viewer_id, others)
    return [other for other, standing in found.items() if standing != "visible"]


def standing(backend: BackendConnection, viewer_id: UUID, other_id: UUID) -> Standing:
    """Say how one member stands to another."""
    return visibility.standings(backend, viewer_id, [other_id])[other_id]


def may_talk(found: Standing) -> bool:
    """Say whether two with an open conversation may write: also while one of them is paused."""
    return found in ("visible", "paused")


def block(backend: BackendConnection, user_id: UUID, other_id: UUID) -> None:
    """Let a member see and hear nothing of another from now on, and the other nothing of them.

    Only somebody whom the member has met in a list or a conversation can be blocked.
    """
    if user_id == other_id:
        raise InvalidInputError("You cannot block yourself.")
    match_id = decisions.between(backend, user_id, other_id)
    if match_id is None:
        raise NotFoundError("There is no such member among those you have met.")
    at = datetime.now(UTC)
    visibility.block(backend, user_id, other_id, at)
    conversations.end(backend, match_id, user_id, at)
    feeds.bump(backend, [user_id, other_id])


def block_partner(backend: BackendConnection, user_id: UUID, match_id: UUID) -> None:
    """Block whom a member has this match with; raise NotFoundError when it is not theirs."""
    match = decisions.locked(backend, match_id, user_id)
    if match is None:
        raise NotFoundError("There is no such introduction; it may have been withdrawn.")
    block(backend, user_id, match.partner_id)


def unblock(backend: BackendConnection, user_id: UUID, other_id: UUID) -> None:
    """Take a block back; what it ended stays ended."""
    if not visibility.unblock(backend, user_id, other_id):
        raise NotFoundError("You have not blocked this member.")


@dataclass(frozen=True, slots=True)
class Blocked:
    """Name somebody whom a member has blocked."""

    user_id: UUID
    name: str
    since: datetime


def blocked_by(backend: BackendConnection, user_id: UUID) -> list[Blocked]:
    """List whom a member has blocked."""
    since = visibility.blocked_by(backend, user_id)
    people = disclosure.shown(backend, list(since))
    return [Blocked(one, people[one].name, at) for one, at in since.items() if one in people]


def pause(backend: BackendConnection, user_id: UUID, *, paused: bool) -> None:
    """Take a member out of everybody's lists for a while, or back in; again changes nothing."""
    visibility.pause(backend, user_id, paused=paused)
