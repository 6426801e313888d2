"""Start a worker: settings and databases are proved before the first message is taken."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from pathlib import Path

from celery import Celery
from celery.signals import (
    beat_embedded_init,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_shutting_down,
)

from app import bootstrap, following
from app.domain.matching.rounds import FAIRNESS
from app.observability import logs, tracing
from app.repositories.backend import outbox
from app.services import learn, topics, upkeep
from app.settings import WorkerSettings, load
from app.workers.beside import Beside
from app.workers.celery_app import LOOK, MATCH_SYNC, RECONCILE, celery_app
from app.workers.relay import Relay


def build(
    platform: bootstrap.Platform,
    broker_url: str,
    fairness: float = FAIRNESS,
    further: Beside | None = None,
) -> Celery:
    """Make the application with its tasks bound to this process's platform."""
    made = celery_app(broker_url)
    relay = Relay(platform.databases, platform.embedder, fairness, beside=further or Beside())
    # The signal comes in the worker's first process, and the work is done in its children.
    stopping = multiprocessing.Event()
    worker_shutting_down.connect(lambda **_: stopping.set(), weak=False)

    @made.task(name=LOOK)  # type: ignore[untyped-decorator] # Celery ships no types
    def look_at_outbox() -> None:
        """Do what is due in the outbox."""
        relay.look(stop=stopping.is_set)

    @made.task(name=MATCH_SYNC)  # type: ignore[untyped-decorator] # Celery ships no types
    def match_sync() -> None:
        """Learn from decisions, then make all lists anew: written down as work first, then done."""
        with platform.databases.backend() as backend:
            learn.from_decisions(backend, platform.embedder.model)
            outbox.add_for_everybody(backend, topics.MATCH_SYNC)
        relay.look(stop=stopping.is_set)

    @made.task(name=RECONCILE)  # type: ignore[untyped-decorator] # Celery ships no types
    def reconcile_databases() -> None:
        """Compare the two databases, mend what differs, and forget work done long ago."""
        upkeep.run(platform.databases, platform.embedder)
        relay.look(stop=stopping.is_set)

    return made


def run(settings: WorkerSettings | None = None) -> None:
    """Work until told to stop; raise before the first message when anything is not as it must be."""
    settings = settings or load(WorkerSettings)
    form, level = settings.log_form, settings.log_level
    # Celery asks whether somebody else sees to the logs, and then leaves them alone.
    setup_logging.connect(lambda **_: logs.configure(form, level), weak=False)
    # A tracer's thread does not come along into the children, so each begins its own.
    endpoint, service = settings.traces_endpoint, settings.service
    worker_process_init.connect(lambda **_: tracing.configure(endpoint, service), weak=False)
    worker_process_shutdown.connect(lambda **_: tracing.flush(), weak=False)
    _end_together(os.getpid())
    platform = bootstrap.platform(settings)
    platform.prove()
    platform.databases.close()  # the worker's children open their own
    further = Beside(
        bootstrap.reader(settings), bootstrap.couriers(settings), bootstrap.resumes(settings)
    )
    made = build(platform, settings.broker_url, settings.fairness, further)
    with tempfile.TemporaryDirectory(prefix="reciprocity-beat-") as folder:
        made.worker_main(
            [
                "worker",
                "--beat",
                # What beat remembers between two starts is of no use: a worker that starts looks at once.
                f"--schedule={Path(folder) / 'beat'}",
                f"--concurrency={settings.concurrency}",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
            ]
        )


def _end_together(worker: int) -> None:
    """Let the processes that work, and the clock, end when the worker that began them was killed.

    At once: what they had claimed is taken over by another worker, as when they are killed too.
    """

    def follow(**_: object) -> None:
        following.follow(worker, lambda: os._exit(1))

    worker_process_init.connect(follow, weak=False)
    beat_embedded_init.connect(follow, weak=False)
