"""What sharing attention brings on a market with skewed popularity."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from app.domain.matching.everyone import best_pairs
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.rounds import RoundSettings, best_lists, measured, share_attention
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.vectors import MemberVectors
from app.evaluation import metrics
from app.evaluation.tables import Cell, Table

PLACES: Final = 10
CANDIDATES: Final = 20
_SKEW: Final = 0.8
# Low enough that a candidate is worth a yes in six of ten cases, as a first introduction may be.
_MIDPOINT: Final = 0.30
_WIDTH: Final = 48


def skewed(members: int, seed: int = 0) -> Candidates:
    """Draw a community whose members are popular by exp of a normal of sd 0.8, and its candidates.

    Needs and offers are random directions; popularity adds to the logit that an offer is wanted.
    It enters the search as one more component, all halved so that no cosine leaves [-1, 1].
    """
    rng = np.random.default_rng(seed)
    shipped = Calibration()

    def directions() -> Floats:
        raw = rng.standard_normal((members, _WIDTH)).astype(np.float32)
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True))

    needs, offers = directions(), directions()
    popular = rng.normal(0.0, _SKEW * shipped.scale, members).astype(np.float32)
    half = np.full((members, 1), 0.5, np.float32)
    everybody = np.arange(members)
    vectors = MemberVectors(
        np.hstack([needs, half]).astype(np.float32),
        everybody,
        np.hstack([0.5 * offers, popular[:, None]]).astype(np.float32),
        everybody,
        members,
    )
    halved = Calibration(_MIDPOINT / 2.0, shipped.scale / 2.0)
    table = best_pairs(vectors, length=CANDIDATES, calibration=halved)
    return Candidates.of_table(table, members)


def popularity(members: int = 10_000) -> Table:
    """Compare rounds with lists made for each member alone, where popularity is skewed."""
    candidates = skewed(members)
    budget = np.full(members, PLACES)
    inboxes = Inboxes(candidates)
    base = _harmonic(candidates, budget)
    before = inboxes.expected(base)
    product = best_lists(candidates, candidates.yes * candidates.heard, budget)
    rows: list[tuple[Cell, ...]] = [
        _row("harmonic lists", candidates, base, before, before, 0.0),
        _row("product lists", candidates, product, inboxes.expected(product), before, 0.0),
    ]
    for alpha in (0.0, 0.25, 0.5):
        begun = time.perf_counter()
        made = share_attention(candidates, budget, RoundSettings(alpha=alpha))
        took = time.perf_counter() - begun
        cells = metrics.exposure_cells(made.exposure)
        name = f"round, alpha {alpha:g}"
        rows.append((name, made.expected_matches, made.expected_matches / before, *cells, took))
    note = (
        f"{members:,} members, {CANDIDATES} candidates each and those who have them as theirs, lists"
        f" of {PLACES}; popularity sd {_SKEW} in the logit. A market drawn from a formula: ratios"
        " depend on it."
    )
    columns = ("lists", "expected matches", "over harmonic")
    columns_all = (*columns, *metrics.EXPOSURE_COLUMNS, "seconds after candidates")
    title = f"Rounds under skewed popularity, {members:,} members"
    return Table(title, columns_all, tuple(rows), note, "over harmonic")


def _harmonic(candidates: Candidates, budget: np.ndarray) -> Lists:
    both = candidates.yes + candidates.heard
    return best_lists(candidates, 2.0 * candidates.yes * candidates.heard / both, budget)


def _row(
    name: str, candidates: Candidates, lists: Lists, found: float, before: float, took: float
) -> tuple[Cell, ...]:
    cells = metrics.exposure_cells(measured(candidates, lists))
    return (name, found, found / before, *cells, took)
