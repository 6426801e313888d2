"""The parts of the speed report, each measured at one size, and kept so that none is done twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.evaluation import speed, speed_ground, speed_newcomers, speed_rounds, speed_searches
from app.evaluation.speed_tables import Figures, Kept

PARTS: Final = ("members", "everybody", "rounds")
# Sizes that a part is measured at when none is asked for.
SIZES: Final = {
    "members": (3_000, 10_000, 30_000, 100_000),
    "everybody": speed.SIZES,
    "rounds": (100_000,),
}
# Above it two indexes over all statements take longer to build than everything else together.
_HALVES_UP_TO: Final = 10_000
Tell = Callable[[str, float], None]
Look = Callable[[speed_ground.Ground], object]


def kept_in(file: Path) -> Kept:
    """Read what was measured before; nothing where there is no file."""
    if not file.exists():
        return {}
    found: Kept = json.loads(file.read_text(encoding="utf-8"))
    return found


def measure(
    chosen: Sequence[tuple[str, int]], file: Path, look: Look, tell: Tell, *, index: bool
) -> Iterator[tuple[str, int]]:
    """Measure parts at sizes, write each into the file at once, and name it when it is done."""
    for part, size in chosen:
        found = _figures(part, size, look, tell, index=index)
        found["measured"] = datetime.now(UTC).date().isoformat()
        kept = kept_in(file)
        kept.setdefault(part, {})[str(size)] = found
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        yield part, size


def _figures(part: str, size: int, look: Look, tell: Tell, *, index: bool) -> Figures:
    if part == "everybody":
        tell("all members anew", 0.0)
        return speed.alone(size)
    if part == "rounds":
        return {"ways": [asdict(one) for one in speed_rounds.measure(size, tell)]}
    return _members(size, look, tell, index=index)


def _members(size: int, look: Look, tell: Tell, *, index: bool) -> Figures:
    tell("start two servers", 0.0)
    with speed_ground.ground() as on:
        vectors, source = speed_ground.community(size)
        loaded = speed_ground.load_vectors(on, vectors, lambda share: tell("load vectors", share))
        tell("load members", 0.0)
        speed_ground.load_members(on, vectors)
        asked = speed_searches.asked_members(size)
        true = speed_searches.truth(vectors, asked)
        found: Figures = {
            "statements": loaded.statements,
            "couples": loaded.couples,
            "vectors from": source,
            "loading": asdict(loaded),
            "searches": speed_searches.exact(on, vectors, asked, true, tell),
        }
        if index and size <= _HALVES_UP_TO:
            found["halves"] = speed_searches.halves(on, vectors, tell)
        if index:
            found["index"] = speed_searches.through_index(on, asked, true, tell)
        found["newcomers"] = speed_newcomers.measure(on, vectors, look, tell)
    return found
