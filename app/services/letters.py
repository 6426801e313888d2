"""Write the letters that accounts cause, in plain words, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.languages import Say, speaking
from app.repositories.backend import letters
from app.services import member_languages
from app.services.site import Site


@dataclass(frozen=True, slots=True)
class Words:
    """Hold a letter's subject and its paragraphs; `{name}` stands for a value."""

    subject: str
    paragraphs: tuple[str, ...]

    def said(self, say: Say, values: Mapping[str, object]) -> tuple[str, str]:
        """Give subject and body in one language, with the values put in."""
        body = "\n\n".join(say(one).format(**values) for one in self.paragraphs)
        return say(self.subject).format(**values), f"{body}\n"


_END: Final = "If this was not you, you need not do anything; do not pass this letter on."
CONFIRM_SIGN_UP: Final = Words(
    "Confirm your address",
    (
        "Somebody, probably you, asked for an account with this address. To begin, open:",
        "{link}",
        "The link works for a day.",
        _END,
    ),
)
KNOWN_ALREADY: Final = Words(
    "You have an account already",
    (
        "Somebody, probably you, tried to sign up with this address, which has an account already. Sign in:",
        "{sign_in}",
        "Forgot the password?",
        "{forgotten}",
        _END,
    ),
)
NEW_PASSWORD: Final = Words(
    "Choose a password",
    (
        "Somebody, probably you, asked to choose a new password for your account. Open:",
        "{link}",
        "The link works once, for an hour.",
        _END,
    ),
)
PASSWORD_CHANGED: Final = Words(
    "Your password was changed",
    (
        (
            "The password of your account was just changed and other devices were signed out. If it was not"
            " you, choose another one now:"
        ),
        "{forgotten}",
    ),
)
CONFIRM_ADDRESS: Final = Words(
    "Confirm your new address",
    (
        "Somebody, probably you, wants to use this address for their account. To do so, open:",
        "{link}",
        "The link works once, for a day.",
        _END,
    ),
)
ADDRESS_TAKEN: Final = Words(
    "This address has an account already",
    (
        (
            "Somebody wanted to use this address for another account. It has one already, so nothing was"
            " changed. Sign in:"
        ),
        "{sign_in}",
        _END,
    ),
)
ADDRESS_ASKED: Final = Words(
    "A new address for your account",
    (
        (
            "Your account is about to use the address {asked}, once that address is confirmed. If it was not"
            " you, choose another password now:"
        ),
        "{forgotten}",
    ),
)
LEAVING: Final = Words(
    "Your account is going to be erased",
    (
        "As you asked, everything held about you is erased on {at}. Until then you can take it back:",
        "{your_data}",
        "If it was not you, take it back and choose another password:",
        "{forgotten}",
    ),
)
ERASED: Final = Words(
    "You were erased",
    (
        (
            "Everything held about you was removed on {erased}, and the vectors that were made of it on"
            " {completed}. Rows by table:"
        ),
        "{rows}",
        (
            "What is left is a random number by which vectors that come late are refused. People you talked"
            " with keep their own words, without yours. Backups made before are kept for as long as those who"
            " run this place say."
        ),
        "The same as a page: {receipt}",
    ),
)
SUSPENDED: Final = Words(
    "Your account is suspended",
    (
        (
            "Somebody reported how you treated them here. We have looked at it and suspended your account:"
            " you cannot sign in, and nobody is introduced to you."
        ),
    ),
)
WARNED: Final = Words(
    "A word about how you treat others here",
    (
        (
            "Somebody reported how you treated them here. We have looked at it and ask you to mind the terms"
            " of this place: {terms}"
        ),
    ),
)
ALL: Final = (
    CONFIRM_SIGN_UP, KNOWN_ALREADY, NEW_PASSWORD, PASSWORD_CHANGED, CONFIRM_ADDRESS, ADDRESS_TAKEN,
    ADDRESS_ASKED, LEAVING, ERASED, SUSPENDED, WARNED,
)  # fmt: skip


def write(
    backend: BackendConnection,
    words: Words,
    user_id: UUID | None,
    email: str,
    *,
    language: str | None = None,
    further: str = "",
    **values: object,
) -> None:
    """Write a letter that waits to be sent; `further` are somebody's own words below ours.

    Without a language it is the member's own.
    """
    if language is None and user_id is not None:
        say = member_languages.say_to(backend, user_id)
    else:
        say = speaking(language or "")
    subject, body = words.said(say, values)
    letters.add(backend, user_id, email, subject, f"{body}\n{further}\n" if further else body)


def confirm_sign_up(
    backend: BackendConnection, site: Site, email: str, token: str, language: str
) -> None:
    """Ask whoever reads this address to confirm that they signed up."""
    link = site.link("/confirm", token=token)
    write(backend, CONFIRM_SIGN_UP, None, email, language=language, link=link)


def known_already(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that somebody tried to sign up with their address."""
    write(
        backend, KNOWN_ALREADY, user_id, email,
        sign_in=site.link("/sign-in"), forgotten=site.link("/forgotten"),
    )  # fmt: skip


def new_password(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, token: str
) -> None:
    """Send a member the link with which they choose a password."""
    write(backend, NEW_PASSWORD, user_id, email, link=site.link("/new-password", token=token))


def password_changed(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that their password was changed."""
    write(backend, PASSWORD_CHANGED, user_id, email, forgotten=site.link("/forgotten"))


def confirm_address(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, token: str
) -> None:
    """Ask whoever reads the new address to confirm it."""
    write(backend, CONFIRM_ADDRESS, user_id, email, link=site.link("/new-address", token=token))


def address_taken(backend: BackendConnection, site: Site, user_id: UUID, email: str) -> None:
    """Tell a member that somebody wanted to move their account to this member's address."""
    write(backend, ADDRESS_TAKEN, user_id, email, sign_in=site.link("/sign-in"))


def address_asked(
    backend: BackendConnection, site: Site, user_id: UUID, email: str, asked: str
) -> None:
    """Tell the old address that the account is about to move to another one."""
    forgotten = site.link("/forgotten")
    write(backend, ADDRESS_ASKED, user_id, email, asked=asked, forgotten=forgotten)


def newest(backend: BackendConnection) -> list[letters.Letter]:
    """List the newest letters to anybody: for the outbox page of a development machine alone."""
    return letters.newest(backend, limit=50)
