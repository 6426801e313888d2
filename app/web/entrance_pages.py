"""Sign up, confirm, sign in and out, find the way back in."""

from __future__ import annotations

from starlette.responses import Response

from app.errors import ReciprocityError
from app.services import account_changes, accounts, sessions
from app.services.accounts import Wish
from app.web.routes import Pages, local_path
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the pages through which members come and go."""
    pages.everybody("/sign-up")(_sign_up_form)
    pages.everybody("/sign-up", "POST")(_sign_up)
    pages.everybody("/confirm")(_confirm_form)
    pages.everybody("/confirm", "POST")(_confirm)
    pages.everybody("/sign-in")(_sign_in_form)
    pages.everybody("/sign-in", "POST")(_sign_in)
    pages.everybody("/sign-out", "POST")(_sign_out)
    pages.everybody("/forgotten")(_forgotten_form)
    pages.everybody("/forgotten", "POST")(_forgotten)
    pages.everybody("/new-password")(_new_password_form)
    pages.everybody("/new-password", "POST")(_new_password)
    pages.everybody("/new-address")(_new_address_form)
    pages.everybody("/new-address", "POST")(_new_address)


def _sign_up_form(visit: Visit) -> Response:
    return visit.page("sign_up.html", problem="", typed=visit.form)


def _sign_up(visit: Visit) -> Response:
    form, side = visit.form, visit.side
    wish = Wish(form["email"], form["password"], form["first_name"], form["last_name"])
    try:
        accounts.sign_up(side.databases, side.site, wish, visit.place, visit.language)
    except ReciprocityError as error:
        return visit.problem("sign_up.html", error, typed=form)
    side.post.ring()
    return visit.page("sent.html", email=form["email"].strip(), what="sign-up")


def _confirm_form(visit: Visit) -> Response:
    token = visit.request.query_params.get("token", "")
    with visit.side.databases.backend() as backend:
        asked = accounts.asked_for(backend, token)
    return visit.page("confirm.html", token=token, asked=asked)


def _confirm(visit: Visit) -> Response:
    user_id = accounts.confirm(visit.side.databases, visit.side.site, visit.form["token"])
    return visit.sign_in(user_id, visit.to("/onboarding", "welcome"))


def _sign_in_form(visit: Visit) -> Response:
    wanted = local_path(visit.request.query_params.get("next", ""))
    if visit.member is not None:
        return visit.to(wanted or "/")
    return visit.page("sign_in.html", problem="", email="", wanted=wanted)


def _sign_in(visit: Visit) -> Response:
    form, side = visit.form, visit.side
    wanted = local_path(form["next"])
    try:
        user_id = accounts.sign_in(
            side.databases, side.site, form["email"], form["password"], visit.place
        )
    except ReciprocityError as error:
        return visit.problem("sign_in.html", error, email=form["email"], wanted=wanted)
    return visit.sign_in(user_id, visit.to(wanted or "/"))


def _sign_out(visit: Visit) -> Response:
    if visit.member is not None:
        with visit.side.databases.backend() as backend:
            sessions.end(backend, visit.member.user_id, visit.member.session_id)
    return visit.sign_out(visit.to("/", "signed-out"))


def _forgotten_form(visit: Visit) -> Response:
    return visit.page("forgotten.html", problem="", email="")


def _forgotten(visit: Visit) -> Response:
    email, side = visit.form["email"], visit.side
    try:
        accounts.forgotten(side.databases, side.site, email, visit.place)
    except ReciprocityError as error:
        return visit.problem("forgotten.html", error, email=email)
    side.post.ring()
    return visit.page("sent.html", email=email.strip(), what="forgotten")


def _new_password_form(visit: Visit) -> Response:
    token = visit.request.query_params.get("token", "")
    with visit.side.databases.backend() as backend:
        accounts.password_link(backend, token)
    return visit.page("new_password.html", problem="", token=token)


def _new_password(visit: Visit) -> Response:
    form, side = visit.form, visit.side
    try:
        user_id = accounts.choose_password(
            side.databases, side.site, form["token"], form["password"]
        )
    except accounts.LinkTooOldError:
        raise
    except ReciprocityError as error:
        return visit.problem("new_password.html", error, token=form["token"])
    side.post.ring()
    return visit.sign_in(user_id, visit.to("/", "password-changed"))


def _new_address_form(visit: Visit) -> Response:
    return visit.page("new_address.html", token=visit.request.query_params.get("token", ""))


def _new_address(visit: Visit) -> Response:
    account_changes.confirm_address(visit.side.databases, visit.form["token"])
    return visit.to("/account" if visit.member else "/sign-in", "address-changed")
