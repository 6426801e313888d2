"""The operators' area as JSON, for the bearer token of an operator's account."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.api import flat
from app.api.member.bodies import Problem
from app.api.member.pages import Cursor, Limit, moment_and_id, written
from app.api.operator import bodies
from app.api.operator.gate import Operator, Side, operator
from app.services import (
    explain_pair,
    operator_actions,
    operator_members,
    operator_overview,
    operator_reports,
)
from app.services.operator_overview import Overview

PREFIX = "/api/operator/v1"
routes = APIRouter()
Asked = Annotated[str, Query(max_length=320)]
AskedFor = Annotated[str, Query(min_length=1, max_length=320, examples=["ann@example.org"])]


def router() -> APIRouter:
    """Make the routes; every one of them wants an operator's token."""
    failures: dict[int | str, dict[str, object]] = {
        status: {"model": Problem} for status in (401, 404, 409, 422)
    }
    made = APIRouter(prefix=PREFIX, tags=["operators"], responses=failures)
    flat.include(made, routes, dependencies=[Depends(operator)])
    return made


@routes.get("/overview")
def overview(side: Side) -> bodies.Overview:
    """Tell how both databases, members, vectors, work and the last run are."""
    found = operator_overview.look(side.databases, side.eyes)
    seen = found.seen
    return bodies.Overview.model_validate(
        {
            "status": found.status,
            "wrong": found.wrong,
            "databases": _halves(found),
            "way": found.way,
            "aside": found.aside,
            "vectors": {
                "model": seen.vectors.embedder if seen.vectors else None,
                "members_with_vectors": seen.with_vectors,
                "summaries_without_vectors": seen.without_vectors,
                "of_these_without_work": seen.untended,
                "orphans": seen.orphans,
            },
            "outbox": seen.backlog
            and {
                "pending": seen.backlog.pending,
                "running": seen.backlog.running,
                "dead": seen.backlog.dead,
                "oldest_seconds": seen.backlog.oldest,
            },
            "last_run": found.runs[0] if found.runs else None,
        }
    )


def _halves(found: Overview) -> dict[str, dict[str, object]]:
    return {
        half.database.value: {
            "ready": half.health.ready,
            "wrong": half.health.wrong,
            "name": half.name,
            "server": half.server,
            "version": half.version,
            "environment": half.environment,
            "pair_id": half.pair_id,
            "revision": half.health.revision,
            "expected_revision": half.health.expected,
            "guard_refusals": found.refusals.get(half.database, 0),
        }
        for half in found.halves
    }


@routes.get("/members")
def search(q: AskedFor, side: Side, who: Operator) -> list[bodies.Found]:
    """Find members by address, name or id."""
    with side.databases.backend() as backend:
        found = operator_members.search(backend, who.user_id, q)
    return [bodies.Found.model_validate(one) for one in found]


@routes.get("/members/{user_id}")
def member(user_id: UUID, side: Side, who: Operator) -> bodies.Member:
    """Say why a member has no matches, or these, stage by stage."""
    found = operator_members.journey(side.databases, who.user_id, user_id)
    stages = [bodies.Stage.model_validate(stage) for stage in found.stages]
    return bodies.Member(
        id=found.who.id,
        email=found.who.email,
        name=found.who.name,
        is_active=found.who.is_active,
        stages=stages,
        first=None if found.first is None else bodies.Stage.model_validate(found.first),
        outside=found.others.removed,
        removed=found.removed,
        left=found.left,
        listed=found.listed,
    )


@routes.post("/members/{user_id}/again", status_code=204)
def again(user_id: UUID, body: bodies.Again, side: Side, who: Operator) -> None:
    """Have one stage of a member done again; the work is done by a worker."""
    with side.databases.backend() as backend:
        operator_members.rerun(backend, who.user_id, user_id, body.stage)


@routes.delete("/members/{user_id}/suspension", status_code=204)
def lift(user_id: UUID, side: Side, who: Operator) -> None:
    """Let a suspended member in again."""
    with side.databases.backend() as backend:
        operator_reports.lift(backend, side.site, who.user_id, user_id)


@routes.get("/why")
def why(missing: AskedFor, owner: AskedFor, side: Side, who: Operator) -> bodies.Why:
    """Say why the first member is not in the list of the second; both are addresses or ids."""
    found = explain_pair.by_addresses(side.databases, missing, owner, operator_id=who.user_id)
    return bodies.Why(
        missing_id=found.missing_id,
        owner_id=found.owner_id,
        code=found.obstacle.code if found.obstacle else "",
        words=found.obstacle.words if found.obstacle else "",
        passed=found.passed,
        score=found.scored.score if found.scored else None,
        place=found.scored.place if found.scored else None,
        of=found.scored.of if found.scored else None,
        listed=len(found.listed),
        list_ends_at=found.end,
    )


@routes.get("/reports")
def list_reports(
    side: Side,
    who: Operator,
    state: Literal["open", "handled"] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> bodies.Reports:
    """List reports, the oldest first."""
    after = moment_and_id(cursor)
    with side.databases.backend() as backend:
        page = operator_reports.listed(backend, who.user_id, state, limit=limit, after=after)
    return bodies.Reports(
        items=[bodies.Report.model_validate(one) for one in page.rows],
        next=page.next and written(*page.next),
    )


@routes.get("/reports/{report_id}")
def report(report_id: UUID, side: Side, who: Operator) -> bodies.Report:
    """Show one report."""
    with side.databases.backend() as backend:
        found = operator_reports.one(backend, who.user_id, report_id)
    return bodies.Report.model_validate(found)


@routes.put("/reports/{report_id}/decision", status_code=204)
def decide(report_id: UUID, body: bodies.Verdict, side: Side, who: Operator) -> None:
    """Dismiss, warn or suspend; a report is decided on once."""
    verdict = operator_reports.Verdict.typed(body.decision.value, body.answer, body.words)
    with side.databases.backend() as backend:
        operator_reports.decide(backend, side.site, who.user_id, report_id, verdict)
    side.post.ring()


@routes.get("/audit")
def audit(
    side: Side,
    who: Operator,
    *,
    operator: Asked = "",
    about: Asked = "",
    action: Asked = "",
    since: Asked = "",
    until: Asked = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> bodies.Log:
    """Read the audit log, the newest first; days are written as 2026-11-22."""
    wanted = operator_actions.Wanted(operator, about, action, since, until)
    after = moment_and_id(cursor)
    with side.databases.backend() as backend:
        page = operator_actions.listed(backend, who.user_id, wanted, limit=limit, after=after)
    return bodies.Log(
        items=[bodies.Noted.model_validate(one) for one in page.rows],
        next=page.next and written(*page.next),
    )
