"""What operators did, to be read and filtered and never to be changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from app.errors import InvalidInputError, ReciprocityError
from app.services import operator_actions
from app.services.operator_actions import Action, Wanted
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the audit log."""
    pages.operator("/operator/audit")(_audit)


def _audit(visit: Visit) -> Response:
    asked = visit.request.query_params
    wanted = Wanted(**{name: asked.get(name, "") for name in asdict(Wanted())})
    databases, who = visit.side.databases, visit.who.user_id
    with databases.backend() as backend:
        everybody = operator_actions.operators(backend)
    values: dict[str, Any] = {
        "wanted": wanted,
        "actions": list(Action),
        "operators": everybody,
    }
    try:
        after = _place(asked.get("at", ""), asked.get("last", ""))
        with databases.backend() as backend:
            page = operator_actions.listed(backend, who, wanted, after=after)
    except ReciprocityError as error:
        return visit.problem("operator_audit.html", error, page=None, more="", **values)
    more = ""
    if page.next is not None:
        at, last = page.next
        kept = {name: value for name, value in asdict(wanted).items() if value}
        more = urlencode(kept | {"at": at.isoformat(), "last": str(last)})
    return visit.page("operator_audit.html", problem="", page=page, more=more, **values)


def _place(at: str, last: str) -> tuple[datetime, UUID] | None:
    if not at and not last:
        return None
    try:
        moment, row = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        moment, row = datetime.min, UUID(int=0)  # noqa: DTZ901 - stands for what is no time
    if moment.tzinfo is None:
        raise InvalidInputError("This page of the log is not one that a page before has named.")
    return moment, row
