"""Do, beside the pages, what is due without anybody asking: letters of news, erasures, clearing up.

Every process that serves pages has one; what one of them is at, the others pass by.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from app.services import departures, idempotency, notifications
from app.services.delivery import PostRoom
from app.services.site import Site
from app.services.steps import Databases

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 60.0  # seconds


def look(databases: Databases, site: Site) -> int:
    """Do what is due now; give how many letters were written."""
    _alone(lambda: departures.carry_out(databases))
    written = _alone(lambda: departures.write_receipts(databases, site))
    written += _alone(lambda: notifications.tell(databases, site))
    _alone(lambda: _forget_old(databases))
    return written


def _alone(work: Callable[[], int]) -> int:
    """Do one piece of work: one that fails keeps none of the others from being done."""
    try:
        return work()
    except Exception:
        log.exception("a part of the caretaker's look failed; the next one is in a minute")
        return 0


def _forget_old(databases: Databases) -> int:
    with databases.backend() as backend:
        return notifications.forget_old(backend) + idempotency.forget_old(backend)


class Caretaker:
    """Look every minute, in a thread of its own."""

    def __init__(self, databases: Databases, site: Site, post: PostRoom) -> None:
        self._databases, self._site, self._post = databases, site, post
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to look; where another backend keeps the accounts, nothing here is ever due."""
        if self._site.keeps_accounts:
            self._thread = threading.Thread(target=self._work, name="caretaker", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop after the look at hand."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while not self._closing.wait(LOOK_EVERY):
            if look(self._databases, self._site):
                self._post.ring()
