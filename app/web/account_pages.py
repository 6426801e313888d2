"""What a member can change about their account: password, address, sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.errors import ReciprocityError
from app.services import account_changes, sessions
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the account page and its forms."""
    pages.member("/account")(_account)
    pages.member("/account/password", "POST")(_password)
    pages.member("/account/address", "POST")(_address)
    pages.member("/account/sessions/end-all", "POST")(_end_all)
    pages.member("/account/sessions/{session_id:uuid}/end", "POST")(_end_one)


def _shown(visit: Visit) -> dict[str, Any]:
    with visit.side.databases.backend() as backend:
        return {"sessions": sessions.of_member(backend, visit.who.user_id)}


def _account(visit: Visit) -> Response:
    return visit.page("account.html", problem="", **_shown(visit))


def _password(visit: Visit) -> Response:
    form, side = visit.form, visit.side
    try:
        account_changes.change_password(
            side.databases, side.site, visit.who, form["current"], form["password"]
        )
    except ReciprocityError as error:
        return visit.problem("account.html", error, **_shown(visit))
    side.post.ring()
    return visit.to("/account", "password-changed")


def _address(visit: Visit) -> Response:
    form, side = visit.form, visit.side
    try:
        account_changes.ask_new_address(
            side.databases, side.site, visit.who, form["current"], form["email"]
        )
    except ReciprocityError as error:
        return visit.problem("account.html", error, **_shown(visit))
    side.post.ring()
    return visit.to("/account", "address-asked")


def _end_all(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        sessions.end_all(backend, visit.who.user_id)
    return visit.sign_out(visit.to("/", "signed-out-everywhere"))


def _end_one(visit: Visit, session_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        sessions.end(backend, visit.who.user_id, session_id)
    if session_id == visit.who.session_id:
        return visit.sign_out(visit.to("/", "signed-out"))
    return visit.to("/account", "session-ended")
