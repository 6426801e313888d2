"""Read how much memory processes have, of this machine's /proc."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def with_children(process: int) -> list[int]:
    """Name a process and all that came of it; those that have just ended are left out."""
    found, waiting = [], [process]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for tasks in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting.extend(int(child) for child in tasks.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def private_megabytes(processes: Iterable[int]) -> float:
    """Give what processes have each to itself; servers' shared buffers are counted in none of them."""
    return _megabytes(processes, ("Private_",))


def proportional_megabytes(processes: Iterable[int]) -> float:
    """Give what processes have together: memory that several of them share is counted once."""
    return _megabytes(processes, ("Pss:",))


def _megabytes(processes: Iterable[int], counted: tuple[str, ...]) -> float:
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # one that has just ended
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith(counted))
    return kilobytes / 1024.0
