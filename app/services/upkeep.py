"""Do what has to be done every hour whoever asks: compare the databases, forget, measure."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from app.repositories.backend import dead_letters, deliveries
from app.services import departed, index_recall, operator_quality, reconcile
from app.services.ports import Embedder
from app.services.steps import Databases

log = logging.getLogger(__name__)

KEPT: Final = timedelta(days=14)  # finished work, for whoever wants to know what happened


def run(databases: Databases, embedder: Embedder) -> None:
    """Reconcile the databases, remove finished work that nobody asks about, measure the matches."""
    report = reconcile.reconcile(databases)
    if report.equal:
        log.info("nothing differs between the two databases")
    else:
        log.warning(
            "%d members differ between the two databases: %d missing, %d outdated, %d ahead,"
            " %d orphans; %d being mended, %d under work, %d given up",
            *(len(report.found), len(report.found.missing), len(report.found.outdated)),
            *(len(report.found.ahead), len(report.found.orphans), report.mended),
            *(len(report.under_way), len(report.given_up)),
        )
    with databases.backend() as backend:
        forgotten = dead_letters.forget_finished(backend, older_than=KEPT)
        deliveries.forget_finished(backend, older_than=KEPT)
        beside = backend.beside_nestjs
        left = departed.forget(backend) if beside else 0
    if not beside:
        operator_quality.keep(databases)
    index_recall.keep(databases, embedder)
    if left:
        log.info("%d members have left the backend, and what was ours of them is gone", left)
    if forgotten:
        log.info("%d pieces of finished work were forgotten", forgotten)
