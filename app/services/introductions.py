"""Show a member their matches, best first, with the reason written from their side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.matching.rules import LARGEST_BUDGET, NONE
from app.domain.statements import Kind
from app.repositories.backend import (
    index_recall,
    matches,
    outbox,
    rounds,
    runs,
    statements,
    users,
)
from app.repositories.backend.listed import Listed
from app.services import disclosure, member_rules, visibility
from app.services.disclosure import Shown

State = Literal["ready", "computing", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class Gain:
    """Hold one half of a match: a need, the offer that answers it, how probably it does (0 to 1)."""

    need: str
    offer: str
    probability: float


@dataclass(frozen=True, slots=True)
class Introduction:
    """Hold one match as one of its members sees it.

    `score` is the pair's, the same from either side; `worth` orders this member's list: the score,
    less where the other's attention is taken.
    """

    match_id: UUID
    partner_id: UUID
    name: str
    headline: str
    place: str
    score: float
    worth: float
    tier: str
    my_decision: str
    their_decision: str
    i_gain: Gain
    they_gain: Gain
    expires_at: datetime | None = None
    postponed_until: datetime | None = None
    about: str = ""
    picture: UUID | None = None


@dataclass(frozen=True, slots=True)
class List:
    """Hold a member's matches, and honestly what kind of list it is.

    `method` is exact or approximate; of an approximate list `recall` says what share of a member's
    ten best the index found when that was measured here, None before. `state` says whether more is
    being worked on or went wrong, `reason` why that is so or why the list is short; `everybody` names
    whoever stands in the list, this page or another.
    """

    member: users.User
    state: State
    reason: str
    method: str
    introductions: Sequence[Introduction]
    everybody: Sequence[UUID] = ()
    recall: float | None = None


def of_member(
    backend: BackendConnection,
    user_id: UUID,
    *,
    limit: int = 20,
    after: tuple[float, UUID] | None = None,
    match_id: UUID | None = None,
) -> List:
    """List a member's matches, best first, or one of them. An empty list comes with its reason."""
    member = users.by_id(backend, user_id)
    among = available(backend, user_id)
    rows = matches.of_member(
        backend, user_id, limit=limit, among=among, after=after, match_id=match_id
    )
    partners = [row.partner_id for row in rows]
    talking = {
        row.partner_id for row in rows if row.my_decision == row.their_decision == "approved"
    }
    shown = disclosure.shown(backend, partners, talking=talking)
    introductions = [_introduction(row, shown[row.partner_id]) for row in rows]
    state, reason = _state(backend, member, found=bool(rows), listed=len(among))
    if any(row.method == "approximate" for row in rows):
        recall = index_recall.of_last_run(backend)
        return List(member, state, reason, "approximate", introductions, among, recall)
    return List(member, state, reason, "exact", introductions, among)


def rows_of_member(backend: BackendConnection, user_id: UUID, *, limit: int) -> list[Listed]:
    """List what a member's list is made of, best first, without a word about the partners."""
    return matches.of_member(backend, user_id, limit=limit, among=available(backend, user_id))


def available(backend: BackendConnection, user_id: UUID) -> list[UUID]:
    """Name everybody who stands somewhere in a member's list."""
    partners = matches.partners(backend, user_id)
    hidden = set(visibility.hidden(backend, user_id, partners))
    return [partner for partner in partners if partner not in hidden]


def name_of(backend: BackendConnection, user_id: UUID) -> str:
    """Give the name of somebody in a list, as they show it to whoever is introduced."""
    users.by_id(backend, user_id)
    return disclosure.shown(backend, [user_id])[user_id].name


def _introduction(row: Listed, partner: Shown) -> Introduction:
    return Introduction(
        match_id=row.match_id,
        partner_id=row.partner_id,
        name=partner.name,
        headline=partner.headline,
        place=partner.place,
        score=row.score,
        worth=row.worth,
        tier=row.tier,
        my_decision=row.my_decision,
        their_decision=row.their_decision,
        i_gain=Gain(row.my_need, row.their_offer, row.my_gain),
        they_gain=Gain(row.their_need, row.my_offer, row.their_gain),
        expires_at=row.expires_at,
        postponed_until=row.postponed_until,
        about=partner.about,
        picture=partner.picture,
    )


def _state(
    backend: BackendConnection, member: users.User, *, found: bool, listed: int
) -> tuple[State, str]:
    waiting = outbox.of_member(backend, member.id)
    if waiting.dead:
        return "failed", f"the work on this member's matches failed: {waiting.last_error}"
    if waiting.open:
        return "computing", "vectors or matches are being made"
    if found:
        return "ready", _why_short(backend, member, listed)
    last = runs.last(backend)
    if last is not None and last.state == "failed":
        return "failed", f"the last matching run failed: {last.reason}"
    return "incomplete", _why_empty(backend, member)


def _why_short(backend: BackendConnection, member: users.User, listed: int) -> str:
    if listed >= LARGEST_BUDGET:
        return ""
    asked = member_rules.of(backend, [member.id]).get(member.id, NONE).budget
    if listed >= asked:
        return ""
    why = f"this list is short: rules, decisions and what others are shown leave {listed}"
    found = rounds.last(backend)
    if not found:
        return why
    others = found[0].members - 1
    if listed >= others:
        return "this list is short: it holds everybody else who may be matched"
    return f"{why} of {others} others who could be matched in the last round"


def _why_empty(backend: BackendConnection, member: users.User) -> str:
    if not member.allow_matching or not member.is_active:
        return "this member is paused"
    if member.onboarding_status != "completed":
        return "onboarding is not completed yet"
    said = statements.approved(backend, [member.id]).get(member.id)
    if said is None:
        return "the summary is not approved yet"
    for kind in Kind:
        if not any(statement.kind is kind for statement in said.statements):
            return f"the summary holds no {kind}, and a match needs both a need and an offer"
    return "nobody yet both gives what this member needs and needs what they give"
