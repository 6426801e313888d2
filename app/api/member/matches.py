"""Introductions and decisions, for programs."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.member import bodies
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.errors import InvalidInputError
from app.services import decisions, introductions, member_list
from app.services.introductions import Introduction

routes = APIRouter(route_class=Once)


def _cursor(last: Introduction) -> str:
    place = json.dumps([last.worth, str(last.partner_id)])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str | None) -> tuple[float, UUID] | None:
    if cursor is None:
        return None
    try:
        score, partner = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place = float(score), UUID(partner)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        place = (math.nan, UUID(int=0))
    if not math.isfinite(place[0]):
        raise InvalidInputError("This cursor is not one that a page before has given.")
    return place


def _match(one: Introduction) -> bodies.Match:
    return bodies.Match(
        match_id=one.match_id,
        partner_id=one.partner_id,
        name=one.name,
        headline=one.headline,
        place=one.place,
        tier=one.tier,
        score=round(one.score, 4),
        part=member_list.part(one),
        expires_at=one.expires_at,
        postponed_until=one.postponed_until,
        i_gain=bodies.Gain.model_validate(one.i_gain),
        they_gain=bodies.Gain.model_validate(one.they_gain),
    )


@routes.get("/matches")
def matches(
    side: Side,
    who: Who,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> bodies.Matches:
    """List matches, best first; an empty list says why."""
    with side.databases.backend() as backend:
        found = introductions.of_member(backend, who.user_id, limit=limit + 1, after=_place(cursor))
    items = list(found.introductions)[:limit]
    more = len(found.introductions) > limit
    return bodies.Matches(
        state=found.state,
        reason=found.reason if found.state != "failed" else "making the matches failed",
        method="approximate" if found.method == "approximate" else "exact",
        recall=found.recall,
        items=[_match(one) for one in items],
        next=_cursor(items[-1]) if more else None,
    )


@routes.put("/matches/{match_id}/decision")
def decide(match_id: UUID, body: bodies.Decision, side: Side, who: Who) -> bodies.Outcome:
    """Say yes, no (for good) or later; the same again changes nothing."""
    with side.databases.backend() as backend:
        outcome = decisions.decide(
            backend, who.user_id, match_id, body.choice, reasons=body.reasons, note=body.note
        )
    return bodies.Outcome.model_validate(outcome)
