"""Rounds judged by what members of time banks ticked, not by our own probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.domain.matching.calibration import auc
from app.domain.matching.everyone import best_pairs
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.rounds import (
    Round,
    RoundSettings,
    best_lists,
    measured,
    share_attention,
    trusted,
)
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.vectors import MemberVectors, Vectors
from app.evaluation import metrics
from app.evaluation.tables import Cell, Table
from app.evaluation.timebank_data import FOLDS, TimeBanks
from app.evaluation.timebanks import DRAWS, MEMBERS, calibrated, cosines, draw, tested

PLACES: Final = 10
CANDIDATES: Final = 20
_ALPHAS: Final = (0.25, 0.5)
_OTHER_DRAWS: Final = 100


@dataclass(frozen=True, slots=True)
class Ground:
    """Hold time banks, the vectors and calibration that rounds see, and the AUC measured of these."""

    data: TimeBanks
    requests: Vectors
    offers: Vectors
    calibration: Calibration
    auc: float

    @classmethod
    def plain(cls, data: TimeBanks, calibration: Calibration, auc: float) -> Ground:
        """Take the vectors of the model alone."""
        return cls(data, data.requests.vectors, data.offers.vectors, calibration, auc)


def labels(data: TimeBanks) -> Table:
    """Judge rounds by labels: with what ships, and with what other time banks taught."""
    shipped = Ground.plain(data, Calibration(), _told(data))
    taught, mapped = _folds(data)
    draws, others = range(DRAWS), range(_OTHER_DRAWS, _OTHER_DRAWS + DRAWS)
    rows = [
        *_rows("shipped calibration", _named(draws), [shipped], draws),
        *_rows("shipped calibration", _named(others), [shipped], others),
        *_rows("calibration of the other folds", "all folds", taught, draws),
        *_rows("map and calibration of the other folds", "all folds", mapped, draws),
    ]
    columns = ("rounds see", "tested on", "lists", "expected matches by labels", "of plain",
               "exposure Gini", "never shown", "pairs on both lists", "of plain's pairs")  # fmt: skip
    note = (
        f"{DRAWS} draws of {MEMBERS:,} members (split over folds where folds are tested) with one"
        " request and one offer each; matches are counted with yes = the offer shares a category"
        " with the request, no otherwise. Rounds share as much as the platform lets them at the AUC"
        f" of their probabilities: {shipped.auc:.3f} for what ships, over all requests and offers"
        " of this half; for folds that of the other folds"
        f" ({_listed(taught)}), with a map on the half of these that its trial did not see"
        f" ({_listed(mapped)}). How far the order of an inbox is trusted was settled on markets drawn"
        " with noise and on draws 200 to 214 of the same listings: the tested draws are other draws,"
        " not other listings."
    )
    return Table("Rounds judged by time-bank categories", columns, tuple(rows), note)


def _named(draws: range) -> str:
    return f"whole half, draws {draws[0]} to {draws[-1]}"


def _listed(grounds: Sequence[Ground]) -> str:
    return ", ".join(f"{ground.auc:.3f}" for ground in grounds)


def _told(data: TimeBanks) -> float:
    return auc(cosines(data).ravel(), (data.shared() > 0).ravel())


def _folds(data: TimeBanks) -> tuple[list[Ground], list[Ground]]:
    """Give each fold as rounds see it after the other folds taught a calibration, and a map too."""
    parts, found = tested(data)
    taught, mapped = [], []
    for fold, (part, one) in enumerate(zip(parts, found, strict=True)):
        training = data.apart_from(fold)
        calibration = calibrated(cosines(training), training.shared() > 0)
        taught.append(Ground.plain(part, calibration, _told(training)))
        requests = one.mapping.apply(part.requests.vectors)
        offers = one.mapping.apply(part.offers.vectors)
        mapped.append(Ground(part, requests, offers, one.calibration, one.auc))
    return taught, mapped


def _rows(
    seen: str, where: str, grounds: Sequence[Ground], draws: range
) -> Iterator[tuple[Cell, ...]]:
    members = MEMBERS // len(grounds)
    assert len(grounds) in (1, FOLDS)  # noqa: S101 (members are split evenly)
    every = [[_judged(ground, seed, members) for ground in grounds] for seed in draws]
    found = np.array(every)  # draw, ground, lists, (matches, Gini, never shown, pairs)
    matches, shown = found[..., 0].sum(axis=1), found[..., 1:3].mean(axis=(0, 1))
    pairs = found[..., 3].sum(axis=1).mean(axis=0)
    names = ("plain lists", *(f"round, alpha {alpha:g}" for alpha in _ALPHAS))
    for k, name in enumerate(names):
        over = metrics.ratio(matches[:, k], matches[:, 0])
        span = f"{1 + over.mean:.1%} [{1 + over.low:.1%}, {1 + over.high:.1%}]"
        gini, never = round(float(shown[k, 0]), 3), round(float(shown[k, 1]), 4)
        yield (seen, where, name, float(matches[:, k].mean()), span, gini, never, float(pairs[k]),
               f"{pairs[k] / pairs[0]:.1%}")  # fmt: skip


def _judged(ground: Ground, seed: int, members: int) -> list[tuple[float, ...]]:
    candidates, truth = _labelled(ground, seed, members)
    inboxes, budget = Inboxes(truth), np.full(members, PLACES)
    lists = [best_lists(candidates, candidates.yes * candidates.heard, budget)]
    for alpha in _ALPHAS:
        settings = trusted(RoundSettings(alpha=alpha), ground.auc)
        lists.append(_rows_of(candidates, share_attention(candidates, budget, settings)))
    found: list[tuple[float, ...]] = []
    for each in lists:
        shown = measured(candidates, each)
        exposure = (shown.gini, shown.never_shown, float(shown.mutual_pairs))
        found.append((inboxes.expected(each), *exposure))
    return found


def _labelled(ground: Ground, seed: int, members: int) -> tuple[Candidates, Candidates]:
    needs, offers = draw(ground.data, seed, members)
    everybody = np.arange(members)
    vectors = MemberVectors(
        ground.requests[needs], everybody, ground.offers[offers], everybody, members
    )
    table = best_pairs(vectors, length=CANDIDATES, calibration=ground.calibration)
    candidates = Candidates.of_table(table, members)
    answers: Floats = (ground.data.shared() > 0)[needs][:, offers].astype(np.float64)
    yes = answers[candidates.member, candidates.partner]
    heard = answers[candidates.partner, candidates.member]
    return candidates, Candidates(members, candidates.member, candidates.partner, yes, heard)


def _rows_of(candidates: Candidates, made: Round) -> Lists:
    codes = candidates.member * candidates.members + candidates.partner
    rows = np.searchsorted(codes, made.member * candidates.members + made.partner)
    return Lists(rows, made.place)
