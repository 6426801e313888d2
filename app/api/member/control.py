"""What members control, for programs: whom they meet, what is shown, letters, reports."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.member import control_bodies as bodies
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.api.member.pages import Cursor, Limit, cut, moment_and_id
from app.domain import disclosure as disclosures
from app.services import disclosure, member_rules, notifications, reports
from app.services.member_rules import TypedRules

routes = APIRouter(route_class=Once)


@routes.get("/me/rules")
def rules(side: Side, who: Who) -> bodies.Rules:
    """Say whom the member wants to meet, and how many in one round."""
    with side.databases.backend() as backend:
        return bodies.Rules.model_validate(member_rules.typed(backend, who.user_id))


@routes.put("/me/rules")
def put_rules(body: bodies.Rules, side: Side, who: Who) -> bodies.Rules:
    """Replace the rules; they hold from both sides, from the next introductions on."""
    with side.databases.backend() as backend:
        written = member_rules.put(backend, TypedRules(who.user_id, **body.model_dump()))
    return bodies.Rules.model_validate(written)


@routes.get("/me/disclosure")
def shown(side: Side, who: Who) -> bodies.Disclosure:
    """Say what is shown to whom."""
    with side.databases.backend() as backend:
        return bodies.Disclosure.model_validate(disclosure.of_member(backend, who.user_id))


@routes.put("/me/disclosure")
def put_shown(body: bodies.Disclosure, side: Side, who: Who) -> bodies.Disclosure:
    """Choose what is shown to whom."""
    with side.databases.backend() as backend:
        disclosure.put(backend, who.user_id, disclosures.Disclosure(**body.model_dump()))
    return body


@routes.get("/me/notifications")
def paces(side: Side, who: Who) -> bodies.Notifications:
    """Say how soon the member is told of what by e-mail."""
    with side.databases.backend() as backend:
        return bodies.Notifications.model_validate(notifications.paces(backend, who.user_id))


@routes.put("/me/notifications")
def put_paces(body: bodies.Notifications, side: Side, who: Who) -> bodies.Notifications:
    """Choose how soon the member is told of what."""
    with side.databases.backend() as backend:
        notifications.put(
            backend,
            who.user_id,
            {
                "introductions": body.introductions,
                "opened": body.opened,
                "messages": body.messages,
            },
        )
    return body


@routes.get("/reports")
def list_reports(side: Side, who: Who, cursor: Cursor = None, limit: Limit = 20) -> bodies.Reports:
    """List what the member has reported, the newest first."""
    with side.databases.backend() as backend:
        found = reports.of_member(
            backend, who.user_id, limit=limit + 1, after=moment_and_id(cursor)
        )
    items, following = cut(found, limit, lambda one: (one.created_at, one.id))
    return bodies.Reports(
        items=[bodies.Report.model_validate(one) for one in items], next=following
    )


@routes.post("/matches/{match_id}/reports", status_code=201)
def report(match_id: UUID, body: bodies.NewReport, side: Side, who: Who) -> bodies.Report:
    """Report somebody to those who run this place."""
    made = reports.report(side.databases, who.user_id, match_id, body.reason, body.text)
    with side.databases.backend() as backend:
        found = reports.of_member(backend, who.user_id, limit=100)
    return bodies.Report.model_validate(next(one for one in found if one.id == made))
