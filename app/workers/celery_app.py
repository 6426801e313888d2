"""The Celery application: one task that looks at the outbox, woken by the bell and by the clock."""

from __future__ import annotations

from typing import Final

from celery import Celery
from celery.schedules import crontab

SWEEP_EVERY: Final = 5.0  # seconds between two looks that nobody rang for
QUEUE: Final = "reciprocity"
LOOK: Final = "reciprocity.look_at_outbox"
MATCH_SYNC: Final = "reciprocity.match_sync"
RECONCILE: Final = "reciprocity.reconcile"


def celery_app(broker_url: str) -> Celery:
    """Make the application for one broker; it stores no results, the databases do."""
    made = Celery("reciprocity", broker=broker_url)
    made.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 10},
        task_publish_retry=False,
        timezone="UTC",
        beat_schedule={
            # A look that waited in the queue longer than until the next one is worth nothing.
            "sweep": {"task": LOOK, "schedule": SWEEP_EVERY, "options": {"expires": SWEEP_EVERY}},
            "nightly match sync": {"task": MATCH_SYNC, "schedule": crontab(hour=3, minute=0)},
            "hourly reconcile": {"task": RECONCILE, "schedule": crontab(minute=23)},
        },
    )
    return made
