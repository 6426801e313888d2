"""Read what a PostgreSQL server writes about itself into its data folder."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from app.embedded.processes import ProcessIdentity, end, find_working_in, works_in

_FILE = "postmaster.pid"
_FIELDS = 6


@dataclass(frozen=True)
class Postmaster:
    """A running server, as its lock file tells it."""

    identity: ProcessIdentity
    port: int
    listen: str
    ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """Return the server that runs on a data folder, None where none does.

    The lock file of a killed server stays behind, and its id may be somebody else's by now: the
    process must also work in this very folder.
    """
    try:
        lines = (data / _FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(lines) < _FIELDS or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    identity = ProcessIdentity.of(pid)
    if identity is None or not works_in(pid, data):
        return None
    status = lines[7].strip() if len(lines) > 7 else ""  # noqa: PLR2004 - the eighth line
    return Postmaster(identity, int(lines[3]), lines[5].strip(), ready=status == "ready")


def is_stale(data: Path) -> bool:
    """Tell whether a lock file speaks of a server that no longer runs."""
    return (data / _FILE).exists() and read_postmaster(data) is None


def clear_stale(data: Path) -> None:
    """End what a killed server left behind and remove its lock file, so that a new one starts.

    PostgreSQL clears the file by itself unless the id in it has been given to another process,
    which is usual after a container's restart. Its orphaned children must be gone first: two
    generations of them on one folder destroy it.
    """
    if sys.platform != "linux" or not is_stale(data):
        return
    for orphan in find_working_in(data):
        end(orphan, ((signal.SIGQUIT, 3.0),))
    if is_stale(data) and not find_working_in(data):
        (data / _FILE).unlink(missing_ok=True)
