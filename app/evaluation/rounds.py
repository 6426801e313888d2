"""What sharing attention brings: on a market with skewed popularity, and judged by real labels."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from app.domain.matching.calibration import auc
from app.domain.matching.everyone import best_pairs
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.rounds import RoundSettings, best_lists, measured, share_attention
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.vectors import MemberVectors
from app.evaluation import metrics
from app.evaluation.tables import Cell, Table
from app.evaluation.timebank_data import TimeBanks
from app.evaluation.timebanks import DRAWS, MEMBERS, cosines, draw

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


def labels(data: TimeBanks) -> Table:
    """Judge rounds by what members of time banks ticked, not by our own probabilities."""
    names = ("plain lists", "round, alpha 0.25", "round, alpha 0.5")
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for seed in range(DRAWS):
        candidates, truth = _labelled(data, seed)
        inboxes = Inboxes(truth)
        budget = np.full(MEMBERS, PLACES)
        lists = [best_lists(candidates, candidates.yes * candidates.heard, budget)]
        for alpha in (0.25, 0.5):
            made = share_attention(candidates, budget, RoundSettings(alpha=alpha))
            lists.append(_rows_of(candidates, made.member, made.partner, made.place))
        for name, each in zip(names, lists, strict=True):
            shown = measured(candidates, each)
            exposure = (shown.gini, shown.never_shown, float(shown.mutual_pairs))
            found[name].append((inboxes.expected(each), *exposure))
    base = np.array(found["plain lists"])
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        values = np.array(found[name])
        over = metrics.ratio(values[:, 0], base[:, 0])
        mean = values.mean(axis=0)
        span = f"{1 + over.mean:.1%} [{1 + over.low:.1%}, {1 + over.high:.1%}]"
        pairs = f"{mean[3] / base[:, 3].mean():.1%}"
        rows.append((name, float(mean[0]), span, round(float(mean[1]), 3), float(mean[2]),
                     float(mean[3]), pairs))  # fmt: skip
    told = auc(cosines(data).ravel(), (data.shared() > 0).ravel())
    note = (
        f"{DRAWS} draws of {MEMBERS:,} members with one request and one offer each. Rounds see the"
        f" model's calibrated probabilities, whose AUC over all requests and offers is {told:.3f};"
        " matches are counted with yes = the offer shares a category with the request, no otherwise."
    )
    columns = ("lists", "expected matches by labels", "of plain", "exposure Gini", "never shown",
               "pairs on both lists", "of plain's pairs")  # fmt: skip
    return Table("Rounds judged by time-bank categories", columns, tuple(rows), note)


def _labelled(data: TimeBanks, seed: int) -> tuple[Candidates, Candidates]:
    needs, offers = draw(data, seed, MEMBERS)
    everybody = np.arange(MEMBERS)
    vectors = MemberVectors(
        data.requests.vectors[needs], everybody, data.offers.vectors[offers], everybody, MEMBERS
    )
    table = best_pairs(vectors, length=CANDIDATES, calibration=Calibration())
    candidates = Candidates.of_table(table, MEMBERS)
    answers = (data.shared() > 0)[needs][:, offers].astype(np.float64)
    yes = answers[candidates.member, candidates.partner]
    heard = answers[candidates.partner, candidates.member]
    return candidates, Candidates(MEMBERS, candidates.member, candidates.partner, yes, heard)


def _rows_of(
    candidates: Candidates, member: np.ndarray, partner: np.ndarray, place: np.ndarray
) -> Lists:
    codes = candidates.member * candidates.members + candidates.partner
    return Lists(np.searchsorted(codes, member * candidates.members + partner), place)
