"""End a process with the one that began it, which cannot do so itself once it was killed.

A worker's processes would stay without anybody to give them work, or beside those of a worker begun
anew; an API and a worker without `reciprocity up` would have nobody who begins them anew.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "RECIPROCITY_BEGUN_BY"  # a process id, set by `reciprocity up` for its programs
_LOOK_EVERY: Final = 1.0  # seconds


def follow(parent: int, end: Callable[[], None]) -> None:
    """Call `end` once the parent of this process is no longer that one."""
    threading.Thread(target=_watch, args=(parent, end), name="follow", daemon=True).start()


def follow_up() -> None:
    """Let this process end as on SIGTERM when the `reciprocity up` that began it was killed."""
    # Taken out, as it is not true of what this process begins.
    begun_by = os.environ.pop(VARIABLE, "")
    if begun_by.isdigit():
        follow(int(begun_by), lambda: os.kill(os.getpid(), signal.SIGTERM))


def _watch(parent: int, end: Callable[[], None]) -> None:
    # Looked at and not waited for at a pipe: Celery's clock closes every file it was born with.
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    end()
