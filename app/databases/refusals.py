"""Count what the guard refused in this process, for whoever watches."""

from __future__ import annotations

import threading
from typing import Final

from app.databases.names import Database

_lock: Final = threading.Lock()
_counts: Final = dict.fromkeys(Database, 0)


def count(database: Database) -> None:
    """Count one statement that was about to be sent to the wrong database, or to none declared."""
    with _lock:
        _counts[database] += 1


def counted() -> dict[Database, int]:
    """Give how often the guard of each database has refused since the process began."""
    with _lock:
        return dict(_counts)
