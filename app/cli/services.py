"""Commands that run a service until they are stopped."""

from __future__ import annotations

import gc
import sys

import click
import uvicorn

from app.api.heads import BoundedHeads
from app.main import create_app
from app.observability import logs, tracing
from app.settings import ApiSettings, WorkerSettings, load
from app.workers.main import run


@click.command()
def serve() -> None:
    """Serve the API (API_HOST, API_PORT) until stopped."""
    settings = load(ApiSettings)
    logs.configure(settings.log_form, settings.log_level)
    tracing.configure(settings.traces_endpoint, settings.service)
    app = create_app(settings)
    # At its start-up the server would tell the same as a traceback.
    app.state.platform.prove()
    # What was made by now stays: else the collector goes through all of it again and again, while
    # requests wait.
    gc.collect()
    gc.freeze()
    # Threads hand the interpreter on ten times as often as by default: a request takes it many times,
    # for a moment each, and would wait for whole turns of threads that compute.
    sys.setswitchinterval(0.0005)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedHeads,
        log_config=None,  # configured above
        access_log=False,  # it writes paths, in which members' ids stand; ours writes templates
        timeout_graceful_shutdown=10,
    )


@click.command()
def worker() -> None:
    """Do the work of the outbox until stopped: vectors, matches."""
    run(load(WorkerSettings))


COMMANDS = [serve, worker]
