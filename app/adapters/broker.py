"""Ring the worker through the broker; a lost ring delays work and never loses it."""

from __future__ import annotations

import logging
import time

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from app.workers.celery_app import LOOK, SWEEP_EVERY, celery_app

log = logging.getLogger(__name__)


class CeleryBell:
    """Wake the worker with a task that carries nothing."""

    def __init__(self, broker_url: str) -> None:
        self._app = celery_app(broker_url)
        # Whoever writes waits for one try and no more: the sweep is there for the rest.
        self._app.conf.broker_transport_options |= {"max_retries": 0, "socket_timeout": 2}
        self._quiet_until = 0.0

    def ring(self) -> None:
        """Send the wake-up; when the broker is away, say so and leave the work to the sweep.

        After a failure it rings no more until the sweep has looked once: an import of many batches
        would otherwise wait for the broker after each.
        """
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._app.send_task(LOOK, expires=60)
        except OperationalError as error:
            self._quiet_until = time.monotonic() + SWEEP_EVERY
            log.warning(
                "The broker cannot be reached (%s); the work waits in the outbox for the sweep, at"
                " most %.0f s after the broker is back.",
                type(error).__name__,
                SWEEP_EVERY,
            )


class NoBell:
    """Stand in where no broker is configured: the sweep finds the work."""

    def ring(self) -> None:
        """Do nothing; the outbox holds the work."""


def answers(broker_url: str) -> str:
    """Ask the broker for a sign of life; give what is wrong, or nothing. No password stands in it."""
    try:
        with Connection(broker_url, connect_timeout=2) as connection:  # type: ignore[no-untyped-call] # kombu ships no types
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    except Exception as error:  # noqa: BLE001 - each transport has errors of its own, told by their kind
        return type(error.__cause__ or error).__name__
    return ""
