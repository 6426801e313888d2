"""Matches in both directions, and what they are in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from app.api.contract.bodies import Explain, IceBreakers
from app.api.contract.bounded import Bounded
from app.api.contract.gate import enveloped
from app.bootstrap import ContractSide
from app.errors import ReciprocityError
from app.services import comparing, introductions, statistics

MOST_LISTED = 100


class MatchesFailedError(ReciprocityError):
    """A member's list could not be made; the reason says why."""

    code = "matches_failed"
    status = HTTPStatus.SERVICE_UNAVAILABLE


def routes(side: ContractSide) -> APIRouter:
    """Make the routes of matching."""
    made = APIRouter(route_class=Bounded)
    databases = side.databases

    @made.get("/matching/{user_id}/matches")
    def matches(user_id: UUID) -> dict[str, Any]:
        """List who answers this member's requirements, and who needs their offerings.

        An empty list comes with its reason; one that is empty because something failed is an error.
        A similarity threshold hides nobody: matches are ranked.
        """
        with databases.backend() as backend:
            found = introductions.of_member(backend, user_id, limit=MOST_LISTED)
        if found.state == "failed" and not found.introductions:
            raise MatchesFailedError(found.reason)
        return {
            "state": found.state,
            "reason": found.reason,
            "requirements_matches": [_partner(one, one.i_gain) for one in found.introductions],
            "offerings_matches": [_partner(one, one.they_gain) for one in found.introductions],
        }

    @made.get("/matching/stats")
    def stats() -> dict[str, Any]:
        """Count what is embedded."""
        with databases.ai() as ai:
            counts = statistics.embedded(ai, side.embedder.model)
        return {
            "total_users_with_embeddings": counts.members,
            "total_requirements_embeddings": counts.needs,
            "total_offerings_embeddings": counts.offers,
            "last_updated": counts.last_embedded and counts.last_embedded.isoformat(),
        }

    @made.post("/match/explanation")
    def explanation(call: Explain) -> dict[str, Any]:
        """Explain to the first member what the second is to them, from the reasons of the score."""
        told = comparing.explanation(databases, call.user_a_id, call.user_b_id)
        return enveloped(
            "Explained",
            summary=told.summary,
            synergy_areas=told.synergy_areas,
            friction_points=told.friction_points,
            talking_points=told.talking_points,
            match_tier=told.tier,
            score_breakdown=told.breakdown,
        )

    @made.post("/match/ice-breakers")
    def ice_breakers(call: IceBreakers) -> dict[str, Any]:
        """Suggest first sentences, made of both people's own words."""
        told = comparing.explanation(databases, call.user_id, call.other_user_id)
        return enveloped("Suggested", suggestions=told.talking_points)

    return made


def _partner(one: introductions.Introduction, half: introductions.Gain) -> dict[str, Any]:
    return {
        "user_id": str(one.partner_id),
        "name": one.name,
        "similarity_score": round(half.probability, 4),
        "requirements": half.need,
        "offerings": half.offer,
        "explanation": f"{half.offer} answers {half.need}",
    }
