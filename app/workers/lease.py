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


class Leases:
    """Renew the leases of claimed work four times in their length until the work is over.

    One thread does it for all of a worker's work: one begun anew for each piece would take longer
    than the smaller pieces do. It ends when nothing was held for a quarter of a lease.
    """

    def __init__(
        self, databases: Databases, *, lease: timedelta = LEASE, longest: timedelta = LONGEST
    ) -> None:
        self._databases = databases
        self.lease = lease
        self._longest = longest.total_seconds()
        self._held: dict[int, float] = {}  # until when each event's lease is renewed
        self._lock = threading.Lock()
        self._renewer: threading.Thread | None = None

    @contextmanager
    def held(self, event_ids: Sequence[int]) -> Iterator[None]:
        """Keep what was claimed as this worker's until the work on it is over."""
        try:
            with self._lock:
                self._held |= dict.fromkeys(event_ids, time.monotonic() + self._longest)
                if self._renewer is None or not self._renewer.is_alive():
                    self._renewer = threading.Thread(target=self._renew, name="lease", daemon=True)
                    self._renewer.start()
            yield
        finally:
            with self._lock:
                for event_id in event_ids:
                    self._held.pop(event_id, None)

    def _renew(self) -> None:
        while True:
            time.sleep(self.lease.total_seconds() / 4)
            with self._lock:
                if not self._held:
                    self._renewer = None
                    return
                now = time.monotonic()
                event_ids = [one for one, until in self._held.items() if now < until]
            try:
                with self._databases.backend() as backend:
                    outbox.renew(backend, event_ids, lease=self.lease)
            except Exception as error:  # noqa: BLE001 - the next try may do; the work itself goes on
                log.warning("a lease could not be renewed (%s)", type(error).__name__)
