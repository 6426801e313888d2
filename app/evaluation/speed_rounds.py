"""Seconds and memory of a round for a whole community, after its candidates are known."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from app.domain.matching.exposure import Exposure
from app.domain.matching.inboxes import Candidates, Inboxes
from app.domain.matching.rounds import RoundSettings, best_lists, measured, share_attention
from app.evaluation import rounds

ALPHAS: Final = (0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Shared:
    """Hold one way to make everybody's lists, measured in a process of its own."""

    lists: str
    edges: int
    expected: float
    gini: float
    never_shown: float
    mutual_pairs: int
    seconds: float
    megabytes: float


def measure(members: int, tell: Callable[[str, float], None]) -> list[Shared]:
    """Draw a community with skewed popularity, then make its lists in each way."""
    with tempfile.TemporaryDirectory(prefix="reciprocity-speed-") as folder:
        file = str(Path(folder) / "candidates.npz")
        tell("candidates of a round", 0.0)
        _run("make", str(members), file)
        ways = ["harmonic", *(str(alpha) for alpha in ALPHAS)]
        found = []
        for done, way in enumerate(ways):
            tell("rounds", done / len(ways))
            found.append(Shared(**json.loads(_run("share", way, file))))
        tell("rounds", 1.0)
    return found


def _run(*words: str) -> str:
    # The one variable some machines carry that halves matrix products.
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    return subprocess.run(
        [sys.executable, "-m", "app.evaluation.speed_rounds", *words],
        check=True, stdout=subprocess.PIPE, text=True, env=environment,
    ).stdout  # fmt: skip


def _make(members: int, file: Path) -> None:
    made = rounds.skewed(members)
    with file.open("wb") as out:
        np.savez(
            out, members=members, member=made.member, partner=made.partner, yes=made.yes,
            heard=made.heard,
        )  # fmt: skip


def _share(way: str, file: Path) -> Shared:
    with np.load(file) as kept:
        members = int(kept["members"])
        candidates = Candidates(
            members, kept["member"], kept["partner"], kept["yes"], kept["heard"]
        )
    budget = np.full(members, rounds.PLACES)
    begun = time.perf_counter()
    if way == "harmonic":
        both = candidates.yes + candidates.heard
        lists = best_lists(candidates, 2.0 * candidates.yes * candidates.heard / both, budget)
        took = time.perf_counter() - begun
        expected, shown = Inboxes(candidates).expected(lists), measured(candidates, lists)
    else:
        made = share_attention(candidates, budget, RoundSettings(alpha=float(way)))
        took = time.perf_counter() - begun
        expected, shown = made.expected_matches, made.exposure
    return _row(way, candidates, expected, shown, took)


def _row(way: str, of: Candidates, expected: float, shown: Exposure, took: float) -> Shared:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = "harmonic lists" if way == "harmonic" else f"round, alpha {way}"
    return Shared(
        name, len(of.member), float(expected), float(shown.gini), float(shown.never_shown),
        int(shown.mutual_pairs), round(took, 2), round(peak),
    )  # fmt: skip


def main() -> None:
    """Do one part: draw the candidates into a file, or make the lists of one."""
    what, value, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "make":
        _make(int(value), file)
    else:
        sys.stdout.write(json.dumps(asdict(_share(value, file))))


if __name__ == "__main__":
    main()
