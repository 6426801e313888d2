"""The command that does the work of the outbox."""

from __future__ import annotations

import click

from app import following
from app.settings import WorkerSettings, load
from app.workers.main import run


@click.command()
def worker() -> None:
    """Do the work of the outbox until stopped: vectors, matches."""
    following.follow_up()
    run(load(WorkerSettings))


COMMANDS = [worker]
