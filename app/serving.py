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
from contextlib import contextmanager, suppress
from http import HTTPStatus
from socket import socket
from typing import Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app import listening, proving
from app.adapters.postgresql import PostgreSQLAdapter
from app.api.heads import BoundedHeads
from app.errors import ReciprocityError
from app.observability import logs, together
from app.settings import ApiSettings

_HANGS_AFTER: Final = 30  # seconds without an answer to the supervisor, beginning included
_TO_FINISH: Final = 8  # seconds for what is being answered; who asked for the end waits ten


class PortTakenError(ReciprocityError):
    """Somebody else listens where the API should."""

    code = "port_taken"
    status = HTTPStatus.SERVICE_UNAVAILABLE


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
    at = listening.handed_over()
    if settings.processes == 1:
        _alone(config, at)
    else:
        _together(config, at or _bound(config))


class _Supervisor(Multiprocess):
    """Keep the processes; a terminal that was closed ends them, as it ends any other command."""

    def __init__(self, config: uvicorn.Config, at: socket) -> None:
        super().__init__(config, sockets=[at])
        self.at_a_terminal = sys.stdin.isatty()

    def keep_subprocess_alive(self) -> None:
        """Begin processes anew that died or hang; what dies while it is asked is noticed at once."""
        for one in self.processes:
            one.child_conn.close()  # the process has its own; with ours open its end would be silent
        super().keep_subprocess_alive()

    def handle_hup(self) -> None:
        """Replace the processes, or end."""
        if self.at_a_terminal:
            self.should_exit.set()
        else:
            super().handle_hup()


def _alone(config: uvicorn.Config, at: socket | None) -> None:
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(None if at is None else [at])
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _bound(config: uvicorn.Config) -> socket:
    at = config.bind_socket()
    try:
        at.listen(config.backlog)  # else another one could bind there until a process listens
    except OSError as error:
        raise PortTakenError(
            f"Port {config.port} on {config.host} is taken ({error.strerror}). Stop what listens"
            " there, or set API_PORT to another one."
        ) from None
    return at


def _together(config: uvicorn.Config, at: socket) -> None:
    with _counting_together():
        supervisor = _Supervisor(config, at)
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
