"""Measure what the guard costs a statement: the first time it is seen, and every time after.

Run: python -m benchmarks.guard
"""

from __future__ import annotations

import functools
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from psycopg.pq import PGconn  # noqa: TID251 - one that is connected to nothing

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.databases.guard import Guard
from app.databases.names import Database

REPEATS: Final = 20_000
PROMISED: Final = 3.0  # microseconds for a statement that was seen before
SMALL: Final = b"SELECT id, email FROM users WHERE id = ANY($1) AND deleted_at IS NULL"


def _medium() -> bytes:
    """Make an INSERT of the size that most statements of the repositories have."""
    columns = b"id, email, first_name, last_name, onboarding_status, is_active, allow_matching"
    return b"INSERT INTO users (" + columns + b") VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"


def _large() -> bytes:
    """Make the longest SELECT that the code base holds: a list of joins."""
    joins = b" ".join(
        b"JOIN statements s%d ON s%d.id = m.user_a_id AND s%d.kind = 'need'" % (n, n, n)
        for n in range(12)
    )
    return b"SELECT m.id FROM matches m " + joins + b" WHERE m.user_a_id = $1 ORDER BY m.id"


def _quickest(run: Callable[[], object], repeats: int, rounds: int = 7) -> tuple[float, float]:
    """Give the quickest round and the median of the rounds, in microseconds a call."""
    taken: list[float] = []
    for _ in range(rounds):
        begun = time.thread_time_ns()
        for _ in range(repeats):
            run()
        taken.append((time.thread_time_ns() - begun) / repeats / 1_000)
    return min(taken), statistics.median(taken)


def _repeated(guard: Guard, text: bytes) -> tuple[float, float]:
    """Time a text that was seen before; each is a new object, as psycopg makes one."""
    guard.check(text)
    taken: list[float] = []
    for _ in range(7):
        copies = [bytes(bytearray(text)) for _ in range(REPEATS)]
        begun = time.thread_time_ns()
        for copy in copies:
            guard.check(copy)
        taken.append((time.thread_time_ns() - begun) / REPEATS / 1_000)
    return min(taken), statistics.median(taken)


def main() -> int:
    """Print a table; the exit status is 1 when a repeated statement costs more than promised."""
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, postgast"
        f" {version('postgast')}, {platform.machine()}; processor time in microseconds,"
        " quickest of 7 rounds (median)"
    )
    print(f"{'statement':<28}{'bytes':>7}{'first time':>22}{'repeated':>20}")
    worst = 0.0
    for name, text in (("small SELECT", SMALL), ("INSERT", _medium()), ("12 joins", _large())):
        first = _quickest(functools.partial(_first, text), 200)
        repeated = _repeated(Guard(Database.BACKEND), text)
        worst = max(worst, repeated[1])
        print(
            f"{name:<28}{len(text):>7}{first[0]:>13.1f} ({first[1]:.1f})"
            f"{repeated[0]:>12.2f} ({repeated[1]:.2f})"
        )
    unopened = BackendConnection(PGconn())
    alone = _quickest(functools.partial(transactions.one_at_a_time, unopened), REPEATS)
    print(f"{'one transaction at a time':<28}{'':>29}{alone[0]:>12.2f} ({alone[1]:.2f})")
    both = worst + alone[1]
    print(
        f"promised: at most {PROMISED} µs for a repeated statement; measured, both: {both:.2f} µs"
    )
    return 0 if both <= PROMISED else 1


def _first(text: bytes) -> None:
    Guard(Database.BACKEND).check(text)


if __name__ == "__main__":
    raise SystemExit(main())
