"""Change the password or the address of an account whose member is signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.domain.accounts import checked_email, checked_password
from app.errors import InvalidInputError
from app.repositories.backend import accounts
from app.repositories.backend.sessions import SignedIn
from app.services import letters, limits, passwords, sessions
from app.services.accounts import too_old
from app.services.site import Site
from app.services.steps import Databases

ADDRESS_LINK_LIVES: Final = timedelta(days=1)


def change_password(
    databases: Databases, site: Site, who: SignedIn, current: str, wanted: str
) -> None:
    """Change a member's password and sign out their other sessions.

    Raises InvalidInputError when the current one is wrong or the new one is too weak.
    """
    checked_password(wanted, who.email)
    must_know_password(databases, who, current)
    password_hash = passwords.hashed(wanted)
    with databases.backend() as backend:
        accounts.set_password(backend, who.user_id, password_hash, datetime.now(UTC))
        accounts.drop_links(backend, who.user_id, "password")
        accounts.drop_links(backend, who.user_id, "address")
        letters.password_changed(backend, site, who.user_id, who.email)
        sessions.end_all(backend, who.user_id, but=who.session_id)


def ask_new_address(
    databases: Databases, site: Site, who: SignedIn, current: str, wanted: str
) -> None:
    """Send the letter that confirms a new address; whether somebody has it is told to nobody."""
    site.must_send_mail()
    wanted = checked_email(wanted)
    if wanted == who.email:
        raise InvalidInputError("That is your address already; nothing was changed.")
    must_know_password(databases, who, current)
    limits.take(databases, limits.LETTERS_ADDRESS, wanted)
    token = passwords.new_token()
    ends = datetime.now(UTC) + ADDRESS_LINK_LIVES
    with databases.backend() as backend:
        holder = accounts.id_of(backend, wanted)
        if holder is not None and holder != who.user_id:
            letters.address_taken(backend, site, holder, wanted)
        else:
            accounts.add_link(backend, token.digest, who.user_id, "address", wanted, ends)
            letters.confirm_address(backend, site, who.user_id, wanted, token.secret)
        letters.address_asked(backend, site, who.user_id, who.email, wanted)


def confirm_address(databases: Databases, secret: str) -> UUID:
    """Move an account to the address whose letter was opened; give whose it is.

    Raises LinkTooOldError when the link does not work any more or somebody has the address by now.
    """
    with databases.backend() as backend:
        found = accounts.link(backend, passwords.digest(secret), "address", datetime.now(UTC))
        if found is None or not accounts.set_address(backend, *found):
            raise too_old()
        accounts.drop_links(backend, found[0], "address")
    return found[0]


def must_know_password(databases: Databases, who: SignedIn, typed: str) -> None:
    """Raise InvalidInputError when this is not the password of whoever is signed in."""
    limits.take(databases, limits.PASSWORD, str(who.user_id))
    with databases.backend() as backend:
        known = accounts.credential_of(backend, who.user_id)
    if not passwords.fits(known.password_hash if known else None, typed):
        raise InvalidInputError("The current password is wrong; nothing was changed.")
