"""Every measurement of match quality, each skipped by name where its data are absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from app.evaluation import (
    labelled_rounds,
    markets,
    mentoring,
    rounds,
    speed_dating,
    timebanks,
)
from app.evaluation.sources import DataAbsentError
from app.evaluation.tables import Table, skipped
from app.evaluation.timebank_data import TimeBanks, load


@cache
def _timebanks() -> TimeBanks:
    return load()


MEASUREMENTS: Final[dict[str, Callable[[], Table]]] = {
    "anchors": markets.anchors,
    "markets": markets.crowding,
    "requests": lambda: timebanks.retrieval(_timebanks()),
    "members": lambda: timebanks.members(_timebanks()),
    "speed-dating": speed_dating.table,
    "mentoring": mentoring.table,
    "rounds": rounds.popularity,
    "labels": lambda: labelled_rounds.labels(_timebanks()),
}


def measure(names: tuple[str, ...]) -> Iterator[Table]:
    """Make each named measurement, or say why it was not made."""
    for name in names:
        try:
            yield MEASUREMENTS[name]()
        except DataAbsentError as absent:
            yield skipped(name, str(absent))
