"""Know in which language a member is to be spoken to where no browser says it."""

from __future__ import annotations

from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError
from app.languages import LANGUAGES, SOURCE, Say, speaking
from app.repositories.backend import member_languages


def of_member(backend: BackendConnection, user_id: UUID) -> str:
    """Give a member's language; English when none is known."""
    return member_languages.of_member(backend, user_id) or SOURCE


def say_to(backend: BackendConnection, user_id: UUID) -> Say:
    """Give what says our sentences in a member's language."""
    return speaking(of_member(backend, user_id))


def choose(backend: BackendConnection, user_id: UUID, language: str) -> None:
    """Write the language that a member has chosen; raise InvalidInputError when it is not spoken."""
    if language not in LANGUAGES:
        raise InvalidInputError("This site does not speak that language.")
    member_languages.put(backend, user_id, language)


def settle(backend: BackendConnection, user_id: UUID, shown: str) -> str:
    """Take the language that a browser shows for a member who never chose; give the member's."""
    known = member_languages.of_member(backend, user_id)
    if known is None:
        member_languages.put(backend, user_id, shown)
    return known or shown
