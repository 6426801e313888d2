"""What a member needs and offers: written, changed, approved; then how the matching goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one box of the form, and whether what it holds is marked as counting less."""

    text: str = ""
    minor: bool = False


def _rows(said: Sequence[str], minor: Collection[str], more: int = 0) -> list[Row]:
    written = [Row(text, text.strip() in minor) for text in said if text.strip()]
    empty = max(EMPTY_ROWS, FIRST_ROWS - len(written)) + more
    return [*written, *[Row()] * empty]


def _marked(form: Form, kind: str) -> list[str]:
    """Give the texts whose box is marked; a box is named by its place, counted from 0."""
    places = set(form.every(f"minor-{kind}"))
    return [
        text.strip()
        for place, text in enumerate(form.every(kind))
        if str(place) in places and text.strip()
    ]


def _show(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        found = member_summaries.of_member(backend, visit.who.user_id)
        stages = progress.of_member(backend, visit.who.user_id)
    return visit.page(
        "summary.html",
        problem="",
        summary=found,
        needs=_rows(found.needs, found.minor_needs),
        offers=_rows(found.offers, found.minor_offers),
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
        member_summaries.put(
            backend,
            who,
            form.every("need"),
            form.every("offer"),
            minor_needs=_marked(form, "need"),
            minor_offers=_marked(form, "offer"),
        )
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
        needs=_rows(
            form.every("need"), _marked(form, "need"), 3 if form["wish"] == "more-needs" else 0
        ),
        offers=_rows(
            form.every("offer"), _marked(form, "offer"), 3 if form["wish"] == "more-offers" else 0
        ),
        progress=stages,
    )


def _progress(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        stages = progress.of_member(backend, visit.who.user_id)
    return visit.page("_progress.html", progress=stages)


def _again(visit: Visit) -> Response:
    progress.again(visit.side.databases, visit.who.user_id)
    return visit.to("/summary")
