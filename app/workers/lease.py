"""Hold on to claimed work for as long as it takes, so that a lease may be short.

A worker that dies stops renewing, and a minute later its work is somebody else's; one that is slow
keeps it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from app.repositories.backend import outbox
from app.services.steps import Databases

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=1)  # a worker that hangs loses its work after this


@contextmanager
def held(
    databases: Databases,
    event_ids: Sequence[int],
    *,
    lease: timedelta = LEASE,
    longest: timedelta = LONGEST,
) -> Iterator[None]:
    """Renew the lease of claimed work four times in its length until the work is over."""
    over = threading.Event()

    def renew() -> None:
        limit = time.monotonic() + longest.total_seconds()
        while not over.wait(lease.total_seconds() / 4) and time.monotonic() < limit:
            try:
                with databases.backend() as backend:
                    outbox.renew(backend, event_ids, lease=lease)
            except Exception as error:  # noqa: BLE001 - the next try may do; the work itself goes on
                log.warning("a lease could not be renewed (%s)", type(error).__name__)

    renewer = threading.Thread(target=renew, name="lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        over.set()
        renewer.join()
