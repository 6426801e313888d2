"""Serve the API from several processes behind one port, until stopped.

One process of Python computes on one processor. uvicorn's supervisor keeps the processes: it begins
one anew that died or hangs, and on SIGHUP it replaces them one after the other. What they serve is
imported by them alone, so that they begin soon and this one stays small.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app import proving
from app.adapters.postgresql import PostgreSQLAdapter
from app.api.heads import BoundedHeads
from app.observability import logs, together
from app.settings import ApiSettings

_HANGS_AFTER: Final = 30  # seconds without an answer to the supervisor, beginning included
_TO_FINISH: Final = 10  # seconds for what is being answered when the end is asked for


def run(settings: ApiSettings) -> None:
    """Serve until SIGTERM or SIGINT; raise what `proving.prove` raises before anything listens."""
    logs.configure(settings.log_form, settings.log_level)
    databases = PostgreSQLAdapter(settings)
    proving.prove(databases)  # at their start-up the servers would tell the same as tracebacks
    databases.close()
    config = uvicorn.Config(
        "app.served:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.processes,
        http=BoundedHeads,
        log_config=None,  # configured above
        access_log=False,  # it writes paths, in which members' ids stand; ours writes templates
        timeout_worker_healthcheck=_HANGS_AFTER,
        timeout_graceful_shutdown=_TO_FINISH,
    )
    if settings.processes == 1:
        _alone(config)
    else:
        _together(config)


def _alone(config: uvicorn.Config) -> None:
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _together(config: uvicorn.Config) -> None:
    with _counting_together():
        supervisor = Multiprocess(config, sockets=[config.bind_socket()])
        supervisor.run()
    if any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes):
        sys.exit(STARTUP_FAILURE)


@contextmanager
def _counting_together() -> Iterator[None]:
    """Let the processes begun meanwhile count requests together: /metrics shows the sums."""
    with tempfile.TemporaryDirectory(prefix="reciprocity-metrics-") as folder:
        os.environ[together.VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[together.VARIABLE]
