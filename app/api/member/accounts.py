"""Accounts and sessions, for programs."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.member import bodies
from app.api.member.gate import Place, Side, Who
from app.api.member.once import Once
from app.api.member.pages import Cursor, Limit, page
from app.services import account_changes, accounts, sessions
from app.services.accounts import Wish

open_routes = APIRouter(route_class=Once)
member_routes = APIRouter(route_class=Once)


@open_routes.post("/accounts", status_code=202)
def sign_up(body: bodies.NewAccount, side: Side, place: Place) -> bodies.Sent:
    """Ask for an account: a letter with a link goes to the address, whoever has it."""
    wish = Wish(body.email, body.password, body.first_name, body.last_name)
    accounts.sign_up(side.databases, side.site, wish, place)
    side.post.ring()
    return bodies.Sent()


@open_routes.post("/accounts/confirmations", status_code=204)
def confirm(body: bodies.Link, side: Side) -> None:
    """Begin the account whose letter was opened."""
    accounts.confirm(side.databases, side.site, body.token)


@open_routes.post("/sessions", status_code=201)
def sign_in(body: bodies.SignIn, side: Side, place: Place) -> bodies.Carried:
    """Sign in; the token is told once and never again."""
    user_id = accounts.sign_in(side.databases, side.site, body.email, body.password, place)
    with side.databases.backend() as backend:
        token, ends = sessions.start(backend, user_id, "bearer", body.label)
    return bodies.Carried(token=token.secret, expires_at=ends)


@open_routes.post("/passwords/forgotten", status_code=202)
def forgotten(body: bodies.Address, side: Side, place: Place) -> bodies.Sent:
    """Ask for the link to choose a password; the answer is the same for every address."""
    accounts.forgotten(side.databases, side.site, body.email, place)
    side.post.ring()
    return bodies.Sent()


@open_routes.post("/passwords", status_code=204)
def choose_password(body: bodies.NewPassword, side: Side) -> None:
    """Choose a password by the link of the letter; every session ends."""
    accounts.choose_password(side.databases, side.site, body.token, body.password)
    side.post.ring()


@open_routes.post("/addresses", status_code=204)
def confirm_address(body: bodies.Link, side: Side) -> None:
    """Move the account to the address whose letter was opened."""
    account_changes.confirm_address(side.databases, body.token)


@member_routes.get("/sessions")
def list_sessions(
    side: Side, who: Who, cursor: Cursor = None, limit: Limit = 20
) -> bodies.Sessions:
    """List where this member is signed in, the last used one first."""
    with side.databases.backend() as backend:
        known = sessions.of_member(backend, who.user_id)
    found, following = page(known, lambda one: (one.seen_at, one.id), cursor, limit)
    items = [bodies.Session.model_validate(one) for one in found]
    return bodies.Sessions(items=items, next=following)


@member_routes.delete("/sessions/current", status_code=204)
def sign_out(side: Side, who: Who) -> None:
    """Sign this program out."""
    with side.databases.backend() as backend:
        sessions.end(backend, who.user_id, who.session_id)


@member_routes.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: UUID, side: Side, who: Who) -> None:
    """End one session."""
    with side.databases.backend() as backend:
        sessions.end(backend, who.user_id, session_id)


@member_routes.delete("/sessions", status_code=204)
def sign_out_everywhere(side: Side, who: Who) -> None:
    """End every session, this one too."""
    with side.databases.backend() as backend:
        sessions.end_all(backend, who.user_id)


@member_routes.put("/me/password", status_code=204)
def change_password(body: bodies.PasswordChange, side: Side, who: Who) -> None:
    """Change the password; the other sessions end."""
    account_changes.change_password(side.databases, side.site, who, body.current, body.password)
    side.post.ring()


@member_routes.post("/me/address", status_code=202)
def change_address(body: bodies.AddressChange, side: Side, who: Who) -> bodies.Sent:
    """Ask to change the address; it changes when the letter to the new one is opened."""
    account_changes.ask_new_address(side.databases, side.site, who, body.current, body.email)
    side.post.ring()
    return bodies.Sent()
