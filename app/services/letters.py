"""Write the letters that accounts cause, in plain words."""

from __future__ import annotations

from uuid import UUID

from app.databases.connections import BackendConnection
from app.repositories.backend import letters
from app.services.site import Site

_END = "\n\nIf this was not you, you need not do anything; do not pass this letter on.\n"


def confirm_sign_up(backend: BackendConnection, site: Site, email: str, token: str) -> None:
    """Ask whoever reads this address to confirm that they signed up."""
    letters.add(
        backend,
        None,
        email,
        "Confirm your address",
        "Somebody, probably you, asked for an account with this address. To begin, open:\n\n"
        f"{site.link('/confirm', token=token)}\n\nThe link works for a day." + _END,
    )


def known_already(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that somebody tried to sign up with their address."""
    letters.add(
        backend,
        user_id,
        email,
        "You have an account already",
        "Somebody, probably you, tried to sign up with this address, which has an account already."
        f" Sign in:\n\n{site.link('/sign-in')}\n\nForgot the password?\n\n"
        f"{site.link('/forgotten')}" + _END,
    )


def new_password(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, token: str
) -> None:
    """Send a member the link with which they choose a password."""
    letters.add(
        backend,
        user_id,
        email,
        "Choose a password",
        "Somebody, probably you, asked to choose a new password for your account. Open:\n\n"
        f"{site.link('/new-password', token=token)}\n\nThe link works once, for an hour." + _END,
    )


def password_changed(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that their password was changed."""
    letters.add(
        backend,
        user_id,
        email,
        "Your password was changed",
        "The password of your account was just changed and other devices were signed out. If it was"
        f" not you, choose another one now:\n\n{site.link('/forgotten')}\n",
    )


def confirm_address(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, token: str
) -> None:
    """Ask whoever reads the new address to confirm it."""
    letters.add(
        backend,
        user_id,
        email,
        "Confirm your new address",
        "Somebody, probably you, wants to use this address for their account. To do so, open:\n\n"
        f"{site.link('/new-address', token=token)}\n\nThe link works once, for a day." + _END,
    )


def address_taken(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that somebody wanted to move their account to this member's address."""
    letters.add(
        backend,
        user_id,
        email,
        "This address has an account already",
        "Somebody wanted to use this address for another account. It has one already, so nothing"
        f" was changed. Sign in:\n\n{site.link('/sign-in')}" + _END,
    )


def address_asked(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, asked: str
) -> None:
    """Tell the old address that the account is about to move to another one."""
    letters.add(
        backend,
        user_id,
        email,
        "A new address for your account",
        f"Your account is about to use the address {asked}, once that address is confirmed. If it was"
        f" not you, choose another password now:\n\n{site.link('/forgotten')}\n",
    )


def newest(backend: BackendConnection) -> list[letters.Letter]:
    """List the newest letters to anybody: for the outbox page of a development machine alone."""
    return letters.newest(backend, limit=50)
