"""Read the résumé that a questionnaire links to, as an uploaded one is read.

A link that leads nowhere is told in the member's conversation and is then done with: it is nobody's
work any more.
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
from app.repositories.backend import backend_calls, onboarding, outbox
from app.services import onboarding as conversation
from app.services import topics
from app.services.backend_feedback import SAME_CALL
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import NOTICE
from app.services.steps import Databases

log = logging.getLogger(__name__)

LONGEST_LINK: Final = 4_000  # characters


class LinkAwayError(ReciprocityError):
    """What a link leads to cannot be reached now; later it may be."""

    code = "link_away"


class Fetcher(Protocol):
    """Fetch what a link leads to."""

    def fetch(self, link: str) -> bytes:
        """Give its content; raise LinkAwayError to be asked again, InvalidInputError not to be."""
        ...


@dataclass(frozen=True, slots=True)
class Resumes:
    """Hold what fetches résumés, and what reads the text of one."""

    fetcher: Fetcher
    text_of: Callable[[bytes], str]


def cause(backend: BackendConnection, user_id: UUID, link: str) -> bool:
    """Have a linked résumé read by the worker; False for no link, or one named a moment ago."""
    link = link.strip()
    if not link:
        return False
    key = hashlib.sha256(f"resume\0{user_id}\0{link}".encode(errors="replace")).digest()
    if not backend_calls.first_time(backend, key, within=SAME_CALL):
        return False
    storable = "".join(c for c in link[:LONGEST_LINK] if c.isprintable() and not c.isspace())
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
        _tell(databases, user_id, link, str(error))
    except InvalidInputError as error:
        _tell(databases, user_id, link, str(error))
    except NotFoundError as error:
        log.warning("a résumé was not read: %s", error)
    else:
        with databases.backend() as backend:
            if not backend_calls.work_waits(backend, user_id, topics.REGISTER, {}):
                outbox.add(backend, topics.REGISTER, [user_id])
    with databases.backend() as backend:
        outbox.done(backend, [event.id])


def _tell(databases: Databases, user_id: UUID, link: str, why: str) -> None:
    """Say it in the conversation, once for a link; no part of the link, which may hold a secret."""
    log.warning("the résumé of %s was not read: %s", user_id, why)
    key = NOTICE + hashlib.sha256(link.encode()).hexdigest()
    at = datetime.now(UTC)
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        if any(message.client_key == key for message in onboarding.log(backend, session.id)):
            return
        text = f"Your résumé could not be read from its link. {why} You can also upload it."
        onboarding.add(backend, session, author="platform", text=text, client_key=key, at=at)
