"""The work of the outbox: what waits, runs, or was given up; one piece of it, to be done again."""

from __future__ import annotations

from starlette.responses import Response

from app.services import operator_work
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the pages of work."""
    pages.operator("/operator/outbox")(_list)
    pages.operator("/operator/outbox/again", "POST")(_all_again)
    pages.operator("/operator/outbox/{number:int}")(_one)
    pages.operator("/operator/outbox/{number:int}/again", "POST")(_again)
    pages.operator("/operator/outbox/{number:int}/discard", "POST")(_discard)


def _list(visit: Visit) -> Response:
    asked = visit.request.query_params.get("state", "")
    with visit.side.databases.backend() as backend:
        page = operator_work.listed(backend, visit.who.user_id, asked, visit.number("after") or 0)
    return visit.page("operator_work.html", page=page, states=operator_work.STATES)


def _one(visit: Visit, number: int) -> Response:
    with visit.side.databases.backend() as backend:
        work = operator_work.one(backend, visit.who.user_id, number)
    return visit.page("operator_work_one.html", work=work)


def _again(visit: Visit, number: int) -> Response:
    with visit.side.databases.backend() as backend:
        operator_work.again(backend, visit.who.user_id, number)
    return visit.to(f"/operator/outbox/{number}", "work-again")


def _discard(visit: Visit, number: int) -> Response:
    with visit.side.databases.backend() as backend:
        operator_work.discard(backend, visit.who.user_id, number)
    return visit.to("/operator/outbox", "work-discarded")


def _all_again(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        operator_work.all_again(backend, visit.who.user_id)
    return visit.to("/operator/outbox", "all-work-again")
