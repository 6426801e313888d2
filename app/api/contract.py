"""The calls of an existing NestJS backend, under /api/v1, with its key and its envelopes."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel

from app.bootstrap import Platform
from app.errors import ReciprocityError
from app.services import introductions, statistics, summaries


class KeyRefusedError(ReciprocityError):
    """The key is missing, wrong, or not set up."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED


class MatchesFailedError(ReciprocityError):
    """A member's list could not be made; the reason says why."""

    code = "matches_failed"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class MemberCall(BaseModel):
    """Name the member a call is about."""

    user_id: UUID


def _key(expected: str | None) -> Any:
    def check(x_api_key: str = Header(default="")) -> None:
        if expected is None:
            raise KeyRefusedError(
                "This service has no API_KEY, so nobody may call it; set API_KEY."
            )
        if not hmac.compare_digest(x_api_key.encode(), expected.encode()):
            raise KeyRefusedError("The header X-API-KEY is missing or wrong.")

    return check


def router(platform: Platform, api_key: str | None) -> APIRouter:
    """Make the routes; every one of them wants the key."""
    routes = APIRouter(
        prefix="/api/v1", tags=["NestJS backend"], dependencies=[Depends(_key(api_key))]
    )
    databases = platform.databases

    @routes.post("/user/approve-summary")
    def approve_summary(call: MemberCall) -> dict[str, Any]:
        """Approve a member's newest summary, which starts the matching; again changes nothing."""
        with databases.backend() as backend:
            approved = summaries.approve(backend, call.user_id)
        return {"Code": 200, "Message": f"Summary {approved.version} approved", "Result": True}

    @routes.get("/matching/{user_id}/matches")
    def matches(user_id: UUID) -> dict[str, Any]:
        """List who answers this member's requirements, and who needs their offerings.

        An empty list comes with its reason; one that is empty because something failed is an error.
        """
        with databases.backend() as backend:
            found = introductions.of_member(backend, user_id, limit=100)
        if found.state == "failed" and not found.introductions:
            raise MatchesFailedError(found.reason)
        return {
            "state": found.state,
            "reason": found.reason,
            "requirements_matches": [_partner(one, one.i_gain) for one in found.introductions],
            "offerings_matches": [_partner(one, one.they_gain) for one in found.introductions],
        }

    @routes.get("/matching/stats")
    def stats() -> dict[str, Any]:
        """Count what is embedded."""
        with databases.ai() as ai:
            counts = statistics.embedded(ai, platform.embedder.model)
        return {
            "total_users_with_embeddings": counts.members,
            "total_requirements_embeddings": counts.needs,
            "total_offerings_embeddings": counts.offers,
            "last_updated": counts.last_embedded and counts.last_embedded.isoformat(),
        }

    return routes


def _partner(one: introductions.Introduction, half: introductions.Gain) -> dict[str, Any]:
    return {
        "user_id": str(one.partner_id),
        "name": one.name,
        "similarity_score": round(half.probability, 4),
        "requirements": half.need,
        "offerings": half.offer,
        "explanation": f"{half.offer} answers {half.need}",
    }
