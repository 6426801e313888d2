"""Members' own data: all of it to take along, and the way to be erased, with seven days to think."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from app.errors import ReciprocityError
from app.services import departures, export, export_archive, limits
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the page of a member's own data, what it does, and receipts of erasures."""
    pages.member("/your-data")(_show)
    pages.member("/your-data/everything.zip")(_everything)
    pages.member("/your-data/erase", "POST")(_erase)
    pages.member("/your-data/stay", "POST")(_stay)
    pages.everybody("/receipts/{receipt_id:uuid}")(_receipt)


def _show(visit: Visit) -> Response:
    return visit.page("your_data.html", problem="", days=departures.DAYS.days)


def _everything(visit: Visit) -> Response:
    side, me = visit.side, visit.who.user_id
    limits.take(side.databases, limits.EXPORTS, str(me))
    packed = export_archive.archive(export.everything(side.databases, me), visit.language)
    told = {"Content-Disposition": f'attachment; filename="{export_archive.NAME}"'}
    return Response(packed, media_type="application/zip", headers=told)


def _erase(visit: Visit) -> Response:
    side = visit.side
    try:
        departures.ask(side.databases, side.site, visit.who, visit.form["current"])
    except ReciprocityError as error:
        return visit.problem("your_data.html", error, days=departures.DAYS.days)
    side.post.ring()
    return visit.to("/your-data", "leaving")


def _stay(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        departures.take_back(backend, visit.who.user_id)
    return visit.to("/your-data", "staying")


def _receipt(visit: Visit, receipt_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        found = departures.receipt(backend, receipt_id)
    return visit.page("receipt.html", receipt=found, lines=departures.lines(found))
