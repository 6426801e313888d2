"""Read the résumé that a questionnaire links to, as an uploaded one is read.

A link that leads nowhere is told in the member's conversation, in words that say nothing of the place,
and is then done with: it is nobody's work any more. What exactly was wrong stands in the log.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.domain.backoff import retry_in
from app.errors import InvalidInputError, NotFoundError, ReciprocityError
from app.languages import told
from app.repositories.backend import backend_calls, onboarding, outbox
from app.services import member_languages, topics
from app.services import onboarding as conversation
from app.services.backend_feedback import SAME_CALL
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import NOTICE
from app.services.steps import Databases

log = logging.getLogger(__name__)

LONGEST_LINK: Final = 4_000  # characters
# What a member is told; a file that was fetched says more of itself in a sentence of its own.
AWAY: Final = (
    "The place that the link to your résumé leads to did not answer, however often it was asked;"
    " upload the file instead."
)
REFUSED: Final = (
    "The link to your résumé leads to no file that can be fetched; upload the file instead."
)
TOO_LARGE: Final = (
    "The file that the link to your résumé leads to is too large; upload a smaller one, or write"
    " what it says."
)
UNREADABLE: Final = "The file that the link to your résumé leads to could not be read."
TELL: Final = (AWAY, REFUSED, TOO_LARGE, UNREADABLE)


class LinkAwayError(ReciprocityError):
    """What a link leads to cannot be reached now; later it may be."""

    code = "link_away"


class LinkRefusedError(InvalidInputError):
    """A link leads to nothing that may or can be fetched."""

    code = "link_refused"


class FileTooLargeError(LinkRefusedError):
    """A link leads to a file that is larger than any that is read."""

    code = "file_too_large"


class Fetcher(Protocol):
    """Fetch what a link leads to."""

    def fetch(self, link: str) -> bytes:
        """Give its content; raise LinkAwayError to be asked again, LinkRefusedError not to be."""
        ...


@dataclass(frozen=True, slots=True)
class Resumes:
    """Hold what fetches résumés, and what reads the text of one."""

    fetcher: Fetcher
    text_of: Callable[[bytes], str]


def cause(backend: BackendConnection, user_id: UUID, link: str) -> bool:
    """Have a linked résumé read by the worker, or tell a link that is too long to be one.

    Gives False where nothing is read: for no link, too long a one, or one named a moment ago. Raises
    NotFoundError for a link that is too long while no onboarding was begun.
    """
    link = link.strip()
    if not link:
        return False
    key = hashlib.sha256(f"resume\0{user_id}\0{link}".encode(errors="replace")).digest()
    if not backend_calls.first_time(backend, key, within=SAME_CALL):
        return False
    if len(link) > LONGEST_LINK:
        log.warning("the résumé of %s has a link of %d characters", user_id, len(link))
        _notice(backend, user_id, link, REFUSED)
        return False
    storable = "".join(c for c in link if c.isprintable() and not c.isspace())
    outbox.add(backend, topics.RESUME, [user_id], {"link": storable})
    return True


def read(
    databases: Databases, reader: Reader, resumes: Resumes, user_id: UUID, event: outbox.Event
) -> None:
    """Fetch and hear a résumé, then have the summary written anew; tell a link that leads nowhere.

    Raises LinkAwayError as long as it is worth another attempt.
    """
    link = str(event.payload["link"])
    try:
        with databases.backend() as backend:
            onboarding.begin_status(backend, user_id)
        conversation.start(databases, reader, user_id)
        transactions.nothing_open("fetching a résumé")
        text = resumes.text_of(resumes.fetcher.fetch(link))
        key = f"document:{hashlib.sha256(text.encode()).hexdigest()}"
        conversation.hear(databases, reader, user_id, text, source="document", client_key=key)
    except LinkAwayError as error:
        if retry_in(event.attempts) is not None:
            raise
        _tell(databases, user_id, link, error)
    except InvalidInputError as error:
        _tell(databases, user_id, link, error)
    except NotFoundError as error:
        log.warning("a résumé was not read: %s", error)
    else:
        with databases.backend() as backend:
            if not backend_calls.work_waits(backend, user_id, topics.REGISTER, {}):
                outbox.add(backend, topics.REGISTER, [user_id])
    with databases.backend() as backend:
        outbox.done(backend, [event.id])


def _tell(databases: Databases, user_id: UUID, link: str, error: ReciprocityError) -> None:
    """Tell the member in words of theirs; what was wrong in full is for the log alone."""
    log.warning("the résumé of %s was not read: %s", user_id, error)
    with databases.backend() as backend:
        if isinstance(error, LinkAwayError):
            _notice(backend, user_id, link, AWAY)
        elif isinstance(error, FileTooLargeError):
            _notice(backend, user_id, link, TOO_LARGE)
        elif isinstance(error, LinkRefusedError):
            _notice(backend, user_id, link, REFUSED)
        else:
            _notice(backend, user_id, link, UNREADABLE, error)


def _notice(
    backend: BackendConnection,
    user_id: UUID,
    link: str,
    sentence: str,
    further: ReciprocityError | None = None,
) -> None:
    """Say it in the conversation in the member's language, once for a link; no part of the link.

    A link may hold a secret. `further` is an error whose sentence is written for members.
    """
    key = NOTICE + hashlib.sha256(link.encode(errors="replace")).hexdigest()
    session = onboarding.locked(backend, user_id)
    if any(message.client_key == key for message in onboarding.log(backend, session.id)):
        return
    text = member_languages.say_to(backend, user_id)(sentence)
    if further is not None:
        text += " " + told(member_languages.of_member(backend, user_id), further)
    at = datetime.now(UTC)
    onboarding.add(backend, session, author="platform", text=text, client_key=key, at=at)
