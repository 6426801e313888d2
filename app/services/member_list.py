"""Show a member their introductions as a page does: sorted by what is to be done, with what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from app.databases.connections import BackendConnection
from app.repositories.backend import decisions, rounds, summaries
from app.services import introductions
from app.services.introductions import Introduction, State

SHOWN: Final = 20
MOST_SHOWN: Final = 200
SAME_LOOK: Final = timedelta(minutes=30)  # what was new stays marked for as long
SHORT: Final = 3  # a list shorter than this says why

Cause = Literal[
    "", "onboarding", "not_approved", "paused", "computing", "failed", "few_people", "nobody"
]


Part = Literal["open", "said_yes", "later", "talking"]
PARTS: Final[tuple[Part, ...]] = ("open", "said_yes", "later", "talking")


@dataclass(frozen=True, slots=True)
class MemberList:
    """Hold a member's introductions by what they can do with each, best first in each part.

    `cause` says why the list is short or empty; `community` is how many members could be matched in
    the last round, None where there was none or that does not explain it.
    """

    state: State
    cause: Cause
    method: str
    recall: float | None
    open: Sequence[Introduction]
    said_yes: Sequence[Introduction]
    later: Sequence[Introduction]
    talking: Sequence[Introduction]
    new: frozenset[UUID]
    gone: int
    community: int | None
    more: bool


def look(backend: BackendConnection, user_id: UUID, shown: int = SHOWN) -> MemberList:
    """Read the best of a member's list and note that they have seen it."""
    found = introductions.of_member(backend, user_id, limit=min(max(shown, 1), MOST_SHOWN))
    everyone = [one.partner_id for one in found.introductions]
    available = list(found.everybody)
    seen = decisions.look(
        backend, user_id, everyone, available, datetime.now(UTC), same_look=SAME_LOOK
    )
    mine = {name: [one for one in found.introductions if part(one) == name] for name in PARTS}
    new = frozenset(one.match_id for one in mine["open"] if one.partner_id not in seen.known)
    cause = _cause(backend, found, len(mine["open"]))
    last = rounds.last(backend) if cause in ("few_people", "nobody") else []
    return MemberList(
        state=found.state,
        cause=cause,
        method=found.method,
        recall=found.recall,
        open=mine["open"],
        said_yes=mine["said_yes"],
        later=mine["later"],
        talking=mine["talking"],
        new=new,
        gone=seen.gone,
        community=last[0].members if last else None,
        more=len(everyone) < min(len(available), MOST_SHOWN),
    )


def part(one: Introduction) -> Part:
    """Say in which part of the list an introduction stands."""
    if one.my_decision == one.their_decision == "approved":
        return "talking"
    if one.my_decision == "approved":
        return "said_yes"
    return "later" if one.postponed_until is not None else "open"


def _cause(backend: BackendConnection, found: introductions.List, shown: int) -> Cause:
    if found.member.onboarding_status != "completed":
        return "onboarding"
    newest = summaries.latest(backend, found.member.id)
    if newest is not None and summaries.current(backend, newest.user_id).status != "approved":
        return "not_approved"
    if not found.member.allow_matching:
        return "paused"
    if found.state in ("computing", "failed"):
        return "computing" if found.state == "computing" else "failed"
    if shown == 0:
        return "nobody"
    return "few_people" if shown < SHORT else ""
