"""What a score is made of: faults with what caught them, and right uses that must pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

Wall = Literal[
    "settings", "roles", "identity", "types", "one door", "guard", "proof",
    "one transaction", "the start", "the server",
]  # fmt: skip

# The seven of docs/two-databases.md, in their order. "one transaction" is the rule beside them, "the
# start" that no service works before both databases have answered;
# "the server" is no wall of ours: it has no such relation, and says so when it is asked.
WALLS: Final[tuple[Wall, ...]] = (
    "settings", "roles", "identity", "types", "one door", "guard", "proof",
)  # fmt: skip


@dataclass(slots=True)
class Result:
    """Hold one fault, or one right use: what was tried and what happened.

    `caught_by` is what stopped it with all walls standing; None when nothing of ours did.
    `backups` are those that stop it too when each is left alone with it. `reached` says that the
    servers' logs show a statement of it; for a right use that is what must happen.
    """

    family: str
    name: str
    caught_by: Wall | None
    backups: frozenset[Wall] = frozenset()
    reached: bool = False
    right: bool = False
    note: str = ""
    text: str = ""
    number: int = 0

    @property
    def good(self) -> bool:
        """Say whether a fault was detected before any row, or a right use let pass."""
        if self.right:
            return self.caught_by is None and self.reached
        return self.caught_by not in (None, "the server") and not self.reached

    @property
    def stops(self) -> frozenset[Wall]:
        """Name everything that stops this fault."""
        return self.backups | ({self.caught_by} if self.caught_by else frozenset())


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line of the table."""

    family: str
    good: int
    total: int
    by: dict[str, int]


@dataclass(slots=True)
class Score:
    """Hold all results of a run and what was missing from it.

    Only of a whole run can be said what share of the faults the other walls stop: a sample holds
    small families in full and large ones in part.
    """

    results: list[Result] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    whole: bool = True

    @property
    def faults(self) -> list[Result]:
        """List the faults."""
        return [r for r in self.results if not r.right]

    @property
    def rights(self) -> list[Result]:
        """List the right uses."""
        return [r for r in self.results if r.right]

    @property
    def detected(self) -> int:
        """Count the faults detected before any row was read or written."""
        return sum(r.good for r in self.faults)

    @property
    def wrongly_refused(self) -> int:
        """Count the right uses that did not pass."""
        return sum(not r.good for r in self.rights)

    def lines(self, *, right: bool) -> list[Line]:
        """Count each family."""
        several = self.rights if right else self.faults
        return [
            _line(family, [r for r in several if r.family == family])
            for family in dict.fromkeys(r.family for r in several)
        ]

    def without(self, wall: Wall) -> tuple[int, int, Counter[str]]:
        """Take one wall away: faults the others still stop, all faults it used to stop or not, by whom."""
        by: Counter[str] = Counter()
        for fault in self.faults:
            rest = fault.stops - {wall}
            by[_first(rest)] += 1
        total = sum(by.values())
        return total - by["nobody"], total, by

    def perfect(self) -> bool:
        """Say whether nothing was missed, nothing refused, and each wall has its backups."""
        least = 0.99 * len(self.faults) if self.whole else 0
        depth = all(self.without(wall)[0] >= least for wall in WALLS)
        return self.detected == len(self.faults) and not self.wrongly_refused and depth


def _line(family: str, results: list[Result]) -> Line:
    by = Counter(r.caught_by or ("passed" if r.right else "nobody") for r in results)
    return Line(family, sum(r.good for r in results), len(results), dict(by.most_common()))


_ORDER: Final[tuple[Wall, ...]] = (*WALLS, "one transaction", "the start", "the server")


def _first(walls: Iterable[Wall]) -> str:
    """Name the wall that would stop a fault first, in the order in which they stand."""
    present = set(walls)
    return next((wall for wall in _ORDER if wall in present), "nobody")
