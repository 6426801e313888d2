"""Send the letters that wait, each once, and try again those that could not be sent."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Final, Protocol

from app.domain.backoff import retry_in
from app.errors import ReciprocityError
from app.repositories.backend import letters
from app.repositories.backend.letters import Letter
from app.services.steps import Databases

log = logging.getLogger(__name__)

BATCH: Final = 20  # letters between two looks at whether the process is to end
# Longer than one letter can take with every wait of the mail server's; each is claimed by itself.
LEASE: Final = timedelta(minutes=5)
LOOK_EVERY: Final = 15.0  # seconds between two looks that nobody rang for


class PostmanError(ReciprocityError):
    """A letter could not be handed over; it is tried again."""

    code = "mail"


class Postman(Protocol):
    """Hand letters over to the world."""

    def send(self, letter: Letter) -> None:
        """Send one letter; raise PostmanError when it could not be handed over.

        Sent again after a crash it carries the same Message-ID, by which mailboxes know it.
        """
        ...


def deliver(databases: Databases, postman: Postman) -> int:
    """Send what is due; give how many letters went out. No transaction is open meanwhile."""
    went = 0
    for _ in range(BATCH):
        with databases.backend() as backend:
            due = letters.claim(backend, limit=1, lease=LEASE)
        if not due:
            break
        went += _send(databases, postman, due[0])
    return went


def _send(databases: Databases, postman: Postman, letter: Letter) -> bool:
    try:
        postman.send(letter)
    except PostmanError as error:
        delay = retry_in(letter.attempts)
        log.warning("a letter could not be sent (attempt %d): %s", letter.attempts, error)
        with databases.backend() as backend:
            letters.failed(backend, letter, str(error), retry_in=delay)
        return False
    with databases.backend() as backend:
        if not letters.sent(backend, letter):
            log.warning("a letter took longer than its lease; somebody else has it by now")
    return True


class PostRoom:
    """Send letters in a thread of its own, at once when rung and else from time to time."""

    def __init__(self, databases: Databases, postman: Postman | None) -> None:
        self._databases, self._postman = databases, postman
        self._rung = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to send; without a postman letters stay where they are."""
        if self._postman is not None:
            self._thread = threading.Thread(target=self._work, name="post room", daemon=True)
            self._thread.start()

    def ring(self) -> None:
        """Say that a letter waits."""
        self._rung.set()

    def close(self) -> None:
        """Stop after the letter at hand."""
        self._closed = True
        self._rung.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while not self._closed:
            try:
                if self._postman is not None and deliver(self._databases, self._postman):
                    continue
            except Exception:
                log.exception("letters could not be looked for; they wait in the database")
            self._rung.wait(LOOK_EVERY)
            self._rung.clear()
