"""The member's own: profile, needs and offers, how far their matches are, pause and blocks."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.member import bodies
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.api.member.pages import Cursor, Limit, page
from app.errors import NotFoundError
from app.services import member_profiles, member_summaries, progress, visibility
from app.services.member_profiles import MemberProfile

routes = APIRouter(route_class=Once)


@routes.get("/me")
def me(who: Who) -> bodies.Me:
    """Say who is signed in."""
    return bodies.Me.model_validate(who)


@routes.get("/me/profile")
def profile(side: Side, who: Who) -> bodies.Profile:
    """Give the profile."""
    with side.databases.backend() as backend:
        found = member_profiles.of_member(backend, who.user_id)
    return bodies.Profile.model_validate(found)


@routes.put("/me/profile")
def put_profile(body: bodies.Profile, side: Side, who: Who) -> bodies.Profile:
    """Replace the profile."""
    with side.databases.backend() as backend:
        written = member_profiles.put(backend, who.user_id, MemberProfile(**body.model_dump()))
    return bodies.Profile.model_validate(written)


@routes.put("/me/pause", status_code=204)
def pause(body: bodies.Pause, side: Side, who: Who) -> None:
    """Take part in introductions, or not for a while."""
    with side.databases.backend() as backend:
        visibility.pause(backend, who.user_id, paused=body.paused)


@routes.get("/me/summary")
def summary(side: Side, who: Who) -> bodies.Summary:
    """Give the newest version of what the member needs and offers."""
    with side.databases.backend() as backend:
        found = member_summaries.of_member(backend, who.user_id)
    return bodies.Summary.model_validate(found)


@routes.put("/me/summary")
def put_summary(body: bodies.Statements, side: Side, who: Who) -> bodies.Summary:
    """Write the next version as a draft; the same as before writes nothing."""
    with side.databases.backend() as backend:
        written = member_summaries.put(
            backend,
            who.user_id,
            body.needs,
            body.offers,
            minor_needs=body.minor_needs,
            minor_offers=body.minor_offers,
        )
    return bodies.Summary.model_validate(written)


@routes.put("/me/summary/approval")
def approve(side: Side, who: Who) -> bodies.Summary:
    """Approve the newest version, which starts the matching."""
    with side.databases.backend() as backend:
        approved = member_summaries.approve(backend, who.user_id)
    return bodies.Summary.model_validate(approved)


@routes.get("/me/progress")
def how_far(side: Side, who: Who) -> bodies.Progress:
    """Tell how far the making of matches is, stage by stage."""
    with side.databases.backend() as backend:
        found = progress.of_member(backend, who.user_id)
    if found is None:
        raise NotFoundError("Nothing was approved yet: PUT /api/member/v1/me/summary/approval.")
    return bodies.Progress.model_validate(found)


@routes.post("/me/progress/retries", status_code=202)
def again(side: Side, who: Who) -> None:
    """Have what failed done again at once."""
    progress.again(side.databases, who.user_id)


@routes.get("/blocks")
def blocks(side: Side, who: Who, cursor: Cursor = None, limit: Limit = 20) -> bodies.Blocks:
    """List whom the member has blocked, the newest first."""
    with side.databases.backend() as backend:
        known = visibility.blocked_by(backend, who.user_id)
    found, following = page(known, lambda one: (one.since, one.user_id), cursor, limit)
    items = [bodies.Blocked.model_validate(one) for one in found]
    return bodies.Blocks(items=items, next=following)


@routes.put("/blocks/{user_id}", status_code=204)
def block(user_id: UUID, side: Side, who: Who) -> None:
    """See and hear nothing of somebody from now on."""
    with side.databases.backend() as backend:
        visibility.block(backend, who.user_id, user_id)


@routes.delete("/blocks/{user_id}", status_code=204)
def unblock(user_id: UUID, side: Side, who: Who) -> None:
    """Take a block back."""
    with side.databases.backend() as backend:
        visibility.unblock(backend, who.user_id, user_id)
