"""The API of the members: everything wants their token but the ways in."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api import flat
from app.api.member import (
    accounts,
    bodies,
    control,
    conversations,
    data,
    matches,
    me,
    onboarding,
)
from app.api.member.gate import signed_in

PREFIX = "/api/member/v1"


def router() -> APIRouter:
    """Make the routes; the application's state holds, as `members`, what they work with."""
    failures: dict[int | str, dict[str, object]] = {
        status: {"model": bodies.Problem} for status in (401, 404, 409, 413, 422, 429)
    }
    made = APIRouter(prefix=PREFIX, responses=failures)
    flat.include(made, accounts.open_routes, tags=["accounts"])
    inside = [Depends(signed_in)]
    flat.include(made, accounts.member_routes, tags=["accounts"], dependencies=inside)
    for module, tag in (
        (me, "me"),
        (onboarding, "onboarding"),
        (control, "control"),
        (data, "data"),
        (matches, "matches"),
        (conversations, "conversations"),
    ):
        flat.include(made, module.routes, tags=[tag], dependencies=inside)
    return made
