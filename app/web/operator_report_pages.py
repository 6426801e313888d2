"""What members report about others, and what is decided on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from app.errors import InvalidInputError, ReciprocityError
from app.services import operator_reports, reports
from app.services.operator_reports import Decision, Verdict
from app.web.routes import Pages
from app.web.visits import Visit

_SAID = {
    Decision.DISMISS: "report-dismissed",
    Decision.WARN: "report-warned",
    Decision.SUSPEND: "report-suspended",
}


def register(pages: Pages) -> None:
    """Register the list of reports, a report, the decision on it, and the lifting of a suspension."""
    pages.operator("/operator/reports")(_list)
    pages.operator("/operator/reports/{report_id:uuid}")(_one)
    pages.operator("/operator/reports/{report_id:uuid}", "POST")(_decide)
    pages.operator("/operator/members/{user_id:uuid}/lift", "POST")(_lift)


def _list(visit: Visit) -> Response:
    asked = visit.request.query_params
    after = _place(asked.get("at", ""), asked.get("last", ""))
    with visit.side.databases.backend() as backend:
        page = operator_reports.listed(
            backend, visit.who.user_id, asked.get("state", ""), after=after
        )
    return visit.page("operator_reports.html", page=page, reasons=reports.REASONS)


def _place(at: str, last: str) -> tuple[datetime, UUID] | None:
    if not at and not last:
        return None
    try:
        moment, row = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        raise InvalidInputError("This page is not one that a page before has named.") from None
    if moment.tzinfo is None:
        raise InvalidInputError("This page is not one that a page before has named.")
    return moment, row


def _one(visit: Visit, report_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        report = operator_reports.one(backend, visit.who.user_id, report_id)
    return visit.page(
        "operator_report.html", report=report, reasons=reports.REASONS, problem="", typed={}
    )


def _decide(visit: Visit, report_id: UUID) -> Response:
    form, side, who = visit.form, visit.side, visit.who.user_id
    try:
        verdict = Verdict.typed(form["decision"], form["answer"], form["words"])
        with side.databases.backend() as backend:
            operator_reports.decide(backend, side.site, who, report_id, verdict)
    except ReciprocityError as error:
        with side.databases.backend() as backend:
            report = operator_reports.one(backend, who, report_id)
        typed = {"answer": form["answer"], "words": form["words"]}
        return visit.problem(
            "operator_report.html", error, report=report, reasons=reports.REASONS, typed=typed
        )
    side.post.ring()
    return visit.to("/operator/reports", _SAID[verdict.decision])


def _lift(visit: Visit, user_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        operator_reports.lift(backend, visit.side.site, visit.who.user_id, user_id)
    return visit.to(f"/operator/members/{user_id}", "lifted")
