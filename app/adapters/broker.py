"""Ring the worker through the broker; a lost ring delays work and never loses it."""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from app.workers.celery_app import LOOK, SWEEP_EVERY, celery_app

log = logging.getLogger(__name__)


class CeleryBell:
    """Wake the worker with a task that carries nothing."""

    def __init__(self, broker_url: str) -> None:
        self._app = celery_app(broker_url)

    def ring(self) -> None:
        """Send the wake-up; when the broker is away, say so and leave the work to the sweep."""
        try:
            self._app.send_task(LOOK, expires=60)
        except OperationalError as error:
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
