"""Show how far long work is, and wait for the worker's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

from app.errors import ReciprocityError
from app.repositories.backend import outbox
from app.services.steps import Databases

LOOK_EVERY: Final = 0.25  # seconds
STALLED_AFTER: Final = 120.0  # seconds without any work being finished


@contextmanager
def bar(length: int, label: str) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal; elsewhere nothing but the label."""
    if not sys.stderr.isatty():
        click.echo(f"{label} {length} …", err=True)
        yield lambda _count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr, show_pos=True) as shown:
        yield shown.update


def wait_for_work(databases: Databases) -> None:
    """Wait until the outbox is empty, showing what is left; raise when work failed or stands still."""
    begun = moved = time.monotonic()
    left = _left(databases)
    with bar(left.pending + left.running, "Vectors and matches") as step:
        while left.pending + left.running:
            time.sleep(LOOK_EVERY)
            now = _left(databases)
            finished = left.pending + left.running - now.pending - now.running
            if finished:
                moved = time.monotonic()
                step(max(0, finished))
            if time.monotonic() - moved > STALLED_AFTER:
                raise ReciprocityError(
                    f"Nothing was finished for {STALLED_AFTER:.0f} s and {now.pending} pieces of work"
                    " wait: is the worker running (`reciprocity status`)?"
                )
            left = now
    if left.dead:
        raise ReciprocityError(f"{left.dead} pieces of work failed for good; see the worker's log.")
    click.echo(f"All work done after {time.monotonic() - begun:.1f} s.")


def _left(databases: Databases) -> outbox.Backlog:
    with databases.backend() as backend:
        return outbox.backlog(backend)
