"""What a member needs and offers: written, changed, approved; then how the matching goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from app.errors import InvalidInputError, NotFoundError
from app.services import member_summaries, progress
from app.web.forms import Form
from app.web.routes import Pages
from app.web.visits import Visit

EMPTY_ROWS: Final = 2  # offered below what is written
FIRST_ROWS: Final = 3


def register(pages: Pages) -> None:
    """Register the summary page, its form and the stages."""
    pages.member("/summary")(_show)
    pages.member("/summary", "POST")(_change)
    pages.member("/summary/progress")(_progress)
    pages.member("/summary/again", "POST")(_again)


def _rows(said: Sequence[str], more: int = 0) -> list[str]:
    written = [text for text in said if text.strip()]
    empty = max(EMPTY_ROWS, FIRST_ROWS - len(written)) + more
    return [*written, *[""] * empty]


def _show(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        found = member_summaries.of_member(backend, visit.who.user_id)
        stages = progress.of_member(backend, visit.who.user_id)
    return visit.page(
        "summary.html",
        problem="",
        summary=found,
        needs=_rows(found.needs),
        offers=_rows(found.offers),
        progress=stages,
    )


def _change(visit: Visit) -> Response:
    form = visit.form
    wish = form["wish"]
    try:
        if not wish.startswith("more"):
            return _saved(visit, form, approve=wish == "approve")
    except (InvalidInputError, NotFoundError) as error:
        return _with_rows(visit, form, visit.told(error), error.status)
    return _with_rows(visit, form, "", 200)


def _saved(visit: Visit, form: Form, *, approve: bool) -> Response:
    who = visit.who.user_id
    with visit.side.databases.backend() as backend:
        member_summaries.put(backend, who, form.every("need"), form.every("offer"))
        if approve:
            member_summaries.approve(backend, who)
    return visit.to("/summary", "approved" if approve else "saved")


def _with_rows(visit: Visit, form: Form, problem: str, status: int) -> Response:
    with visit.side.databases.backend() as backend:
        found = member_summaries.of_member(backend, visit.who.user_id)
        stages = progress.of_member(backend, visit.who.user_id)
    return visit.page(
        "summary.html",
        status=status,
        problem=problem,
        summary=found,
        needs=_rows(form.every("need"), more=3 if form["wish"] == "more-needs" else 0),
        offers=_rows(form.every("offer"), more=3 if form["wish"] == "more-offers" else 0),
        progress=stages,
    )


def _progress(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        stages = progress.of_member(backend, visit.who.user_id)
    return visit.page("_progress.html", progress=stages)


def _again(visit: Visit) -> Response:
    progress.again(visit.side.databases, visit.who.user_id)
    return visit.to("/summary")
