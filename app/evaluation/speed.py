"""How long matching everybody takes, beside the bare matrix product and a flat FAISS search.

All in one run on one machine: ratios carry over to others, seconds do not.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

import numpy as np

from app.domain.matching.everyone import best_pairs
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import MemberVectors, Vectors
from app.evaluation.progress import Teller

SIZES: Final = (3_000, 10_000, 30_000, 100_000)
LENGTH: Final = 20
_WIDTH: Final = 384
_TOPICS: Final = 400
_TILE: Final = 2048
_SAMPLED: Final = 120
# Queries of up to 10,000 members are all asked; of more, a sample.
_QUERIES: Final = 8_000
# Small communities are matched in an instant, so that anything else the machine does shows.
_MOST_TURNS: Final = 9
_MEMBERS_IN_ALL_TURNS: Final = 90_000


def community(members: int, seed: int = 0) -> MemberVectors:
    """Draw members with one or two needs and one to three offers around 400 topics."""
    rng = np.random.default_rng(seed)
    topics = rng.standard_normal((_TOPICS, _WIDTH)).astype(np.float32)
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)

    def statements(count: int) -> Vectors:
        found = topics[rng.integers(0, _TOPICS, count)]
        for begin in range(0, count, 10_000):
            part = found[begin : begin + 10_000]
            part += rng.standard_normal(part.shape, np.float32) * np.float32(0.045)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return found

    need_member = np.repeat(np.arange(members), rng.integers(1, 3, members))
    offer_member = np.repeat(np.arange(members), rng.integers(1, 4, members))
    return MemberVectors(
        statements(len(need_member)), need_member, statements(len(offer_member)), offer_member,
        members,
    )  # fmt: skip


def bare_product(vectors: MemberVectors, seed: int = 0) -> float:
    """Give the seconds of all needs times all offers and nothing else.

    Large products are timed on tiles spread over the whole and scaled by their share.
    """
    rng = np.random.default_rng(seed)
    needs = range(0, len(vectors.needs), _TILE)
    offers = range(0, len(vectors.offers), _TILE)
    tiles = [(i, j) for i in needs for j in offers]
    if len(tiles) > _SAMPLED:
        tiles = [tiles[k] for k in np.sort(rng.choice(len(tiles), _SAMPLED, replace=False))]
    room = np.empty(_TILE * _TILE, np.float32)
    done, begun = 0, time.perf_counter()
    for i, j in tiles:
        rows, columns = vectors.needs[i : i + _TILE], vectors.offers[j : j + _TILE]
        out = room[: len(rows) * len(columns)].reshape(len(rows), len(columns))
        np.matmul(rows, columns.T, out=out)
        done += out.size
    took = time.perf_counter() - begun
    return took * len(vectors.needs) * len(vectors.offers) / done


def flat_faiss(vectors: MemberVectors) -> float | None:
    """Give the seconds of what platforms do now, by FAISS: two flat searches for each member.

    Each need asks for its best offers and each offer for its best needs, 100 of them; many are
    timed on some and scaled. None where FAISS is not installed.
    """
    try:
        import faiss  # noqa: PLC0415 (only this comparison needs the extra `measure`)
    except ImportError:
        return None
    took = 0.0
    for asked, asking in ((vectors.offers, vectors.needs), (vectors.needs, vectors.offers)):
        index: Any = faiss.IndexFlatIP(_WIDTH)
        index.add(asked)
        some = asking[:: max(1, len(asking) // _QUERIES)]
        begun = time.perf_counter()
        index.search(some, 100)
        took += (time.perf_counter() - begun) * len(asking) / len(some)
    return took


@dataclass(frozen=True, slots=True)
class Run:
    """Hold one size measured in a process of its own, so that memory is that size's alone.

    Seconds are medians of the turns, ratios medians of each turn's ratio.
    """

    members: int
    statements: int
    turns: int
    seconds: float
    bare: float
    faiss: float | None
    over_bare: float
    over_faiss: float | None
    megabytes: float
    pairs: int


@dataclass(frozen=True, slots=True)
class _Turn:
    seconds: float
    bare: float
    faiss: float | None
    megabytes: float
    pairs: int


def measure(members: int) -> Run:
    """Match everybody in turn with what it is compared with, the more often the fewer they are."""
    vectors = community(members)
    count = max(1, min(_MOST_TURNS, _MEMBERS_IN_ALL_TURNS // members))
    turns = [_turn(vectors, seed) for seed in range(count)]
    searched = [(one.seconds, one.faiss) for one in turns if one.faiss is not None]
    return Run(
        members,
        len(vectors.needs) + len(vectors.offers),
        count,
        median(one.seconds for one in turns),
        median(one.bare for one in turns),
        median(faiss for _, faiss in searched) if searched else None,
        median(one.seconds / one.bare for one in turns),
        median(seconds / faiss for seconds, faiss in searched) if searched else None,
        # Of the first turn: FAISS had not run yet, so that memory is the platform's alone.
        turns[0].megabytes,
        turns[0].pairs,
    )


def _turn(vectors: MemberVectors, seed: int) -> _Turn:
    """Match everybody once; the bare product is timed before and after, for a shared machine."""
    before = bare_product(vectors, 2 * seed)
    begun = time.perf_counter()
    teller = Teller()
    table = best_pairs(
        vectors,
        length=LENGTH,
        calibration=Calibration(),
        progress=lambda share: teller(f"all members anew, {vectors.members:,}", share),
    )
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bare = (before + bare_product(vectors, 2 * seed + 1)) / 2
    return _Turn(took, bare, flat_faiss(vectors), peak, len(table))


def alone(members: int) -> dict[str, Any]:
    """Measure one size in a process of its own; `faiss` is None where it is not installed."""
    # The one variable some machines carry that halves matrix products.
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    line = subprocess.run(
        [sys.executable, "-m", "app.evaluation.speed", str(members)],
        check=True, stdout=subprocess.PIPE, text=True, env=environment,
    ).stdout  # fmt: skip
    found: dict[str, Any] = json.loads(line)
    return found


def main() -> None:
    """Measure the size given on the command line and print its numbers on one line."""
    sys.stdout.write(json.dumps(asdict(measure(int(sys.argv[1])))))


if __name__ == "__main__":
    main()
