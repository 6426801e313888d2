"""Why one member is not in another's list, for any two."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.errors import ReciprocityError
from app.services import explain_pair
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the page of a pair."""
    pages.operator("/operator/why")(_why)


def _why(visit: Visit) -> Response:
    asked = visit.request.query_params
    missing, owner = asked.get("missing", "")[:320], asked.get("owner", "")[:320]
    values: dict[str, Any] = {"missing": missing, "owner": owner}
    if not (missing or owner):
        return visit.page("operator_why.html", found=None, problem="", **values)
    try:
        found = explain_pair.by_addresses(
            visit.side.databases, missing, owner, operator_id=visit.who.user_id
        )
    except ReciprocityError as error:
        return visit.problem("operator_why.html", error, found=None, **values)
    return visit.page("operator_why.html", found=found, problem="", **values)
