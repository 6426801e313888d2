"""How the place is: both databases, members by stage of the way, work, the last matching runs."""

from __future__ import annotations

from starlette.responses import Response

from app.services import operator_overview
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the operators' first page."""
    pages.operator("/operator")(_overview)


def _overview(visit: Visit) -> Response:
    found = operator_overview.look(visit.side.databases, visit.side.eyes)
    return visit.page("operator_overview.html", found=found)
