"""Sign up, confirm, sign in, and find the way back in, telling nobody who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_email, checked_name, checked_password
from app.errors import ConflictError, ReciprocityError
from app.languages import SOURCE
from app.repositories.backend import accounts, users
from app.services import letters, limits, passwords, sessions
from app.services.site import Site
from app.services.steps import Databases

SIGN_UP_LIVES: Final = timedelta(days=1)
PASSWORD_LINK_LIVES: Final = timedelta(hours=1)


class WrongPasswordError(ReciprocityError):
    """Address and password do not belong together; which of them is wrong is not told."""

    code = "wrong_password"
    status = HTTPStatus.UNAUTHORIZED


class LinkTooOldError(ReciprocityError):
    """A link is unknown, was used, or is too old."""

    code = "link_too_old"
    status = HTTPStatus.GONE


def too_old() -> LinkTooOldError:
    """Say that a link no longer works, and what to do."""
    return LinkTooOldError(
        "This link does not work any more: it was used, replaced by a newer one, or is too old. Ask"
        " for a new one."
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold what somebody typed to sign up."""

    email: str
    password: str
    first_name: str
    last_name: str = ""

    def checked(self) -> Wish:
        """Give the same with blanks removed; raise InvalidInputError saying what is wrong."""
        email = checked_email(self.email)
        return Wish(
            email,
            checked_password(self.password, email),
            checked_name(self.first_name),
            checked_name(self.last_name, what="last name", needed=False),
        )


def sign_up(
    databases: Databases, site: Site, wish: Wish, place: str, language: str = SOURCE
) -> None:
    """Send the letter with which an account begins; to one that exists, another letter.

    What the caller learns is the same for every address, and takes as long.
    """
    site.must_keep_accounts()
    site.must_send_mail()
    wish = wish.checked()
    limits.take(databases, limits.SIGN_UP_PLACE, place)
    limits.take(databases, limits.LETTERS_ADDRESS, wish.email)
    password_hash, token, at = passwords.hashed(wish.password), passwords.new_token(), _now()
    with databases.backend() as backend:
        known = accounts.id_of(backend, wish.email)
        if known is None:
            asked = accounts.SignUp(wish.email, wish.first_name, wish.last_name, password_hash)
            accounts.add_sign_up(backend, token.digest, asked, at, at + SIGN_UP_LIVES)
            letters.confirm_sign_up(backend, site, wish.email, token.secret, language)
        elif accounts.credential_of(backend, known) is None:
            _send_password_link(backend, site, known, wish.email)
        else:
            letters.known_already(backend, site, known, wish.email)


def asked_for(backend: BackendConnection, secret: str) -> accounts.SignUp:
    """Find what somebody signed up with, by the link of the letter; raise LinkTooOldError."""
    found = accounts.sign_up(backend, passwords.digest(secret), _now())
    if found is None:
        raise too_old()
    return found


def confirm(databases: Databases, site: Site, secret: str) -> UUID:
    """Begin the account whose letter was opened; give its id."""
    site.must_keep_accounts()
    with databases.backend() as backend:
        asked = asked_for(backend, secret)
        user_id = _created(backend, asked)
        accounts.drop_sign_ups(backend, asked.email)
    return user_id


def _created(backend: BackendConnection, asked: accounts.SignUp) -> UUID:
    user_id = users.insert(
        backend,
        email=asked.email,
        first_name=asked.first_name,
        last_name=asked.last_name,
        at=_now(),
    )
    if user_id is None:
        raise ConflictError("This address has an account by now. Sign in with it.")
    accounts.set_password(backend, user_id, asked.password_hash, _now())
    accounts.address_confirmed(backend, user_id)
    return user_id


def create(databases: Databases, wish: Wish, *, operator: bool = False) -> UUID:
    """Create an account at once, its address taken on trust: for the command line and the demo.

    Raises ConflictError when the address has an account that somebody can sign in to.
    """
    wish = wish.checked()
    password_hash = passwords.hashed(wish.password)
    with databases.backend() as backend:
        user_id = accounts.id_of(backend, wish.email)
        if user_id is None:
            asked = accounts.SignUp(wish.email, wish.first_name, wish.last_name, password_hash)
            user_id = _created(backend, asked)
        elif accounts.credential_of(backend, user_id) is not None:
            raise ConflictError("{email} has an account already.", email=wish.email)
        else:
            accounts.set_password(backend, user_id, password_hash, _now())
            accounts.address_confirmed(backend, user_id)
        if operator:
            accounts.make_operator(backend, user_id, _now())
    return user_id


def replace_password(databases: Databases, email: str, password: str) -> None:
    """Set a known account's password and sign it out everywhere: for the demo."""
    password_hash = passwords.hashed(checked_password(password, email))
    with databases.backend() as backend:
        user_id = users.by_email(backend, email).id
        accounts.set_password(backend, user_id, password_hash, _now())
        sessions.end_all(backend, user_id)


def promote(backend: BackendConnection, email: str) -> UUID | None:
    """Make the member with this address an operator; None when nobody has it and a password."""
    known = accounts.credential(backend, checked_email(email))
    if known is None:
        return None
    accounts.make_operator(backend, known.user_id, _now())
    return known.user_id


def sign_in(databases: Databases, site: Site, email: str, password: str, place: str) -> UUID:
    """Give whose address and password these are; raise WrongPasswordError.

    An unknown address takes as long as a wrong password.
    """
    site.must_keep_accounts()
    limits.take(databases, limits.SIGN_IN_PLACE, place)
    limits.take(databases, limits.SIGN_IN_ADDRESS, email.strip())
    with databases.backend() as backend:
        known = accounts.credential(backend, _without_zero_bytes(email.strip()))
    if not passwords.fits(known.password_hash if known else None, password) or known is None:
        raise WrongPasswordError(
            "Address and password do not belong together, or the address was never confirmed."
        )
    if passwords.outdated(known.password_hash):
        renewed = passwords.hashed(password)
        with databases.backend() as backend:
            accounts.set_password(backend, known.user_id, renewed, _now())
    return known.user_id


def forgotten(databases: Databases, site: Site, email: str, place: str) -> None:
    """Send the link to choose a password to this address, if it has an account; nobody learns."""
    site.must_keep_accounts()
    site.must_send_mail()
    email = checked_email(email)
    limits.take(databases, limits.SIGN_UP_PLACE, place)
    limits.take(databases, limits.LETTERS_ADDRESS, email)
    with databases.backend() as backend:
        known = accounts.id_of(backend, email)
        if known is not None:
            _send_password_link(backend, site, known, email)


def _send_password_link(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    token = passwords.new_token()
    ends = _now() + PASSWORD_LINK_LIVES
    accounts.add_link(backend, token.digest, user_id, "password", email, ends)
    letters.new_password(backend, site, user_id, email, token.secret)


def password_link(backend: BackendConnection, secret: str) -> tuple[UUID, str]:
    """Find whose link it is and their address; raise LinkTooOldError."""
    found = accounts.link(backend, passwords.digest(secret), "password", _now())
    if found is None:
        raise too_old()
    return found


def choose_password(databases: Databases, site: Site, secret: str, password: str) -> UUID:
    """Set the password of whoever opened the link, and sign them out everywhere; give who it is."""
    site.must_keep_accounts()
    with databases.backend() as backend:
        _, email = password_link(backend, secret)
    password_hash = passwords.hashed(checked_password(password, email))
    with databases.backend() as backend:
        user_id, email = password_link(backend, secret)
        accounts.set_password(backend, user_id, password_hash, _now())
        accounts.address_confirmed(backend, user_id)
        accounts.drop_links(backend, user_id, "password")
        accounts.drop_links(backend, user_id, "address")
        letters.password_changed(backend, site, user_id, email)
        sessions.end_all(backend, user_id)
    return user_id


def _without_zero_bytes(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _now() -> datetime:
    return datetime.now(UTC)
