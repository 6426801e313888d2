"""Members: search, and why one of them has no matches, stage by stage."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from app.services import operator_members
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the search, a member's page, and what can be done again."""
    pages.operator("/operator/members")(_search)
    pages.operator("/operator/members/{user_id:uuid}")(_member)
    pages.operator("/operator/members/{user_id:uuid}/again", "POST")(_again)


def _search(visit: Visit) -> Response:
    asked = visit.request.query_params.get("q", "")[:320]
    with visit.side.databases.backend() as backend:
        found = operator_members.search(backend, visit.who.user_id, asked)
    most = operator_members.MOST_FOUND
    return visit.page("operator_members.html", asked=asked, found=found, most=most)


def _member(visit: Visit, user_id: UUID) -> Response:
    journey = operator_members.journey(visit.side.databases, visit.who.user_id, user_id)
    return visit.page("operator_member.html", journey=journey)


def _again(visit: Visit, user_id: UUID) -> Response:
    stage = visit.form["stage"]
    with visit.side.databases.backend() as backend:
        operator_members.rerun(backend, visit.who.user_id, user_id, stage)
    return visit.to(f"/operator/members/{user_id}", f"{stage}-again")
