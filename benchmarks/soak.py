"""Watch a running installation for an hour: memory of each process, connections to each database.

    .venv/bin/reciprocity up ... ; benchmarks/load.py ... --seconds 3600 &
    .venv/bin/python benchmarks/soak.py --minutes 60 --every 30

Prints a line each ten samples and a table at the end: each figure's median over the second and over
the last quarter of the time, since in the first caches fill. The exit status is 1 where one grew by
more than a tenth and by more than 8 MB or 2 connections. Reads /proc and `reciprocity status --json`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.evaluation.process_memory import private_megabytes, with_children

# A growth is one by more than this share, and by more than this much.
SHARE: Final = 0.1
LEAST: Final = {"MB": 8.0, "connections": 2.0}
_COUNT: Final = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


def _reciprocity(*arguments: str) -> str:
    program = Path(sys.executable).with_name("reciprocity")
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=True
    ).stdout


def _services() -> dict[str, int]:
    """Name the process of each service that runs."""
    told = json.loads(_reciprocity("status", "--json"))
    return {one["name"]: int(one["pid"]) for one in told["services"] if one.get("pid")}


def sample(services: dict[str, int]) -> dict[str, float]:
    """Measure everything once."""
    found: dict[str, float] = {}
    for name, process in services.items():
        found[f"{name}, MB"] = private_megabytes(with_children(process))
    for database in ("ai", "backend"):
        told = _reciprocity("psql", database, "-tAc", _COUNT)
        found[f"{database}, connections"] = float(told) - 1.0  # less the one that asks
    return found


def judge(samples: Sequence[dict[str, float]]) -> list[tuple[str, float, float, bool]]:
    """Give of each figure the medians of the second and of the last quarter, and whether it grew."""
    quarter = len(samples) // 4
    series: dict[str, list[float]] = defaultdict(list)
    for one in samples:
        for name, value in one.items():
            series[name].append(value)
    judged = []
    for name, values in series.items():
        early = statistics.median(values[quarter : 2 * quarter])
        late = statistics.median(values[-quarter:])
        least = LEAST[name.rpartition(", ")[2]]
        judged.append((name, early, late, late - early > max(least, SHARE * early)))
    return judged


def main() -> int:
    """Watch, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two samples")
    wanted = parser.parse_args()
    services = _services()
    samples: list[dict[str, float]] = []
    until = time.monotonic() + 60.0 * wanted.minutes
    while time.monotonic() < until:
        samples.append(sample(services))
        if len(samples) % 10 == 1:
            values = "  ".join(f"{name} {value:.0f}" for name, value in samples[-1].items())
            print(f"{time.strftime('%H:%M:%S')}  {values}", flush=True)
        time.sleep(wanted.every)
    print(f"\n{len(samples)} samples\n{'':28}{'2nd quarter':>12}{'last':>8}")
    grown = False
    for name, early, late, grew in judge(samples):
        print(f"{name:28}{early:12.1f}{late:8.1f}{'  grew' if grew else ''}")
        grown = grown or grew
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
