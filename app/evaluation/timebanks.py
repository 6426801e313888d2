"""Match quality on real requests and offers of time banks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.calibration import auc, fit
from app.domain.matching.exposure import Exposure
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.statement_map import StatementMap, fit_map
from app.evaluation import metrics
from app.evaluation.tables import Cell, Table
from app.evaluation.timebank_data import FOLDS, TimeBanks

DRAWS = 10
MEMBERS = 3000
_GRID = tuple(product((2.0, 10.0), (1.0, 2.0, 3.0)))
_PAIRS_TO_CALIBRATE = 200_000


@dataclass(frozen=True, slots=True)
class Learned:
    """Hold a map and a calibration that were learned on the other folds' time banks.

    `auc` says how well a map of half of their statements tells answers among the other half.
    """

    mapping: StatementMap
    calibration: Calibration
    ridge: float
    strength: float
    auc: float = 0.5

    def scores(self, data: TimeBanks) -> Floats:
        """Give the mapped cosine of each request and offer."""
        needs = self.mapping.apply(data.requests.vectors)
        return np.asarray(needs @ self.mapping.apply(data.offers.vectors).T, np.float64)


def cosines(data: TimeBanks) -> Floats:
    """Give the cosine of each request and offer by the model alone."""
    return np.asarray(data.requests.vectors @ data.offers.vectors.T, np.float64)


def learned(training: TimeBanks) -> Learned:
    """Learn a map from statements and their categories; its settings are chosen inside the fold."""
    vectors = np.concatenate([training.requests.vectors, training.offers.vectors])
    topics = np.concatenate([training.requests.topics, training.offers.topics])
    requests = np.arange(len(vectors)) < len(training.requests.vectors)
    seen = np.random.default_rng(0).random(len(vectors)) < 0.5  # noqa: PLR2004 (one half)
    inner = TimeBanks(
        training.requests.where(~seen[requests]), training.offers.where(~seen[~requests])
    )
    answers = inner.shared()
    kept = answers.any(axis=1)

    def tried(setting: tuple[float, float]) -> Floats:
        found = fit_map(vectors[seen], topics[seen], ridge=setting[0], strength=setting[1])
        return Learned(found, Calibration(), *setting).scores(inner)

    def quality(setting: tuple[float, float]) -> float:
        return float(metrics.ndcg(tried(setting)[kept], answers[kept]).mean())

    ridge, strength = max(_GRID, key=quality)
    told = auc(tried((ridge, strength)).ravel(), (answers > 0).ravel())
    mapping = fit_map(vectors, topics, ridge=ridge, strength=strength)
    draft = Learned(mapping, Calibration(), ridge, strength)
    calibration = calibrated(draft.scores(training), training.shared() > 0)
    return Learned(mapping, calibration, ridge, strength, told)


def calibrated(scores: Floats, answered: NDArray[np.bool_]) -> Calibration:
    """Fit a calibration to requests and offers drawn from all."""
    rng = np.random.default_rng(0)
    at = rng.choice(scores.size, min(_PAIRS_TO_CALIBRATE, scores.size), replace=False)
    return fit(scores.ravel()[at], answered.ravel()[at]).calibration


def retrieval(data: TimeBanks) -> Table:
    """Rank all offers for each request: NDCG@10 (graded by shared categories) and P@1."""
    rows: list[tuple[Cell, ...]] = []
    words = np.asarray(data.requests.words @ data.offers.words.T, np.float64)
    for name, scores in (("TF-IDF", words), ("model alone", cosines(data))):
        rows.append(_retrieval_row(name, "whole half", [(data, scores)], None))
    parts, found = tested(data)
    alone = [(part, cosines(part)) for part in parts]
    mapped = [(part, each.scores(part)) for part, each in zip(parts, found, strict=True)]
    for fold in range(FOLDS):
        for name, cells in (("model alone", alone), ("map learned on the other folds", mapped)):
            one = [cells[fold]]
            base = None if cells is alone else [alone[fold]]
            rows.append(_retrieval_row(name, f"fold {fold}", one, base))
    rows.append(_retrieval_row("model alone", "all folds", alone, None))
    rows.append(_retrieval_row("map learned on the other folds", "all folds", mapped, alone))
    columns: tuple[str, ...] = ("method", "tested on", "NDCG@10", "P@1", "NDCG over model alone")
    chosen = ", ".join(f"ridge {each.ridge:g}, strength {each.strength:g}" for each in found)
    note = (
        "A request and an offer that share a category answer each other; gains are 2^J - 1, J the"
        " Jaccard share of their categories. Folds are made of whole time banks: nothing of the"
        " tested fold, and no text that occurs in it, was seen when its map was learned (settings"
        f" chosen inside: {chosen})."
        " Exposure is that of offers in the top tens, for all folds the mean over them; a request and"
        " an offer are no members, so there are no pairs on both lists."
    )
    columns = (*columns, "P@1 over it", *metrics.EXPOSURE_COLUMNS)
    return Table("Time banks: request to offer", columns, tuple(rows), note, "NDCG@10", 0.306)


Scored = list[tuple[TimeBanks, Floats]]


def tested(data: TimeBanks) -> tuple[list[TimeBanks], list[Learned]]:
    """Give each fold, and what was learned on the others."""
    parts = [data.of_fold(fold) for fold in range(FOLDS)]
    return parts, [learned(data.apart_from(fold)) for fold in range(FOLDS)]


def _retrieval_row(name: str, where: str, scored: Scored, base: Scored | None) -> tuple[Cell, ...]:
    graded, first = _quality(scored)
    over: tuple[Cell, Cell] = ("", "")
    if base is not None:
        graded_base, first_base = _quality(base)
        over = (
            _percent(metrics.ratio(graded, graded_base)),
            _percent(metrics.ratio(first, first_base)),
        )
    each = [metrics.exposure_of_matrix(scores, 10, mutual=False) for _, scores in scored]
    cells = metrics.mean_exposure_cells(each)
    return (name, where, float(graded.mean()), float(first.mean()), *over, *cells)


def _quality(scored: Scored) -> tuple[Floats, Floats]:
    graded, first = [], []
    for data, scores in scored:
        shared = data.shared()
        kept = shared.any(axis=1)
        graded.append(metrics.ndcg(scores[kept], 2.0 ** shared[kept] - 1.0))
        top = metrics.best(scores[kept], 1)
        first.append(np.take_along_axis(shared[kept] > 0, top, axis=1)[:, 0].astype(np.float64))
    return np.concatenate(graded), np.concatenate(first)


def _percent(found: metrics.Estimate) -> str:
    return f"{found.mean:+.1%} [{found.low:+.1%}, {found.high:+.1%}]"


Rule = Callable[[Floats], Floats]


def geometric(gain: Floats) -> Floats:
    """Give the geometric mean of both directions; gain[i, j] is what i gains from j."""
    floor = np.maximum(gain, 1e-9)
    return np.asarray(np.sqrt(floor * floor.T), np.float64)


def harmonic(gain: Floats) -> Floats:
    """Give the harmonic mean of both directions."""
    floor = np.maximum(gain, 1e-9)
    return np.asarray(2.0 / (1.0 / floor + 1.0 / floor.T), np.float64)


def draw(data: TimeBanks, seed: int, members: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each member one request and one offer at random: rows of the data."""
    rng = np.random.default_rng(seed)
    needs = rng.integers(0, len(data.requests.vectors), members)
    return needs, rng.integers(0, len(data.offers.vectors), members)


def members(data: TimeBanks) -> Table:
    """Put a mutual partner in the top ten: ten draws of who holds which request and offer."""
    shipped = Calibration().probability
    whole = [data]
    plain = [cosines(data)]
    words = [np.asarray(data.requests.words @ data.offers.words.T, np.float64)]
    rows = [_chance(data)]
    base = _hits(whole, plain, geometric)
    rules: tuple[tuple[str, list[Floats], Rule], ...] = (
        ("TF-IDF, geometric", words, geometric),
        ("one-sided", plain, lambda gain: gain),
        ("arithmetic", plain, lambda gain: (gain + gain.T) / 2.0),
        ("harmonic", plain, harmonic),
        ("geometric of cosines", plain, geometric),
        ("geometric, shipped calibration", [shipped(plain[0])], geometric),
    )
    profile = _profile_hits(data)
    rows.append(_members_row("one embedding a profile", "whole half", profile, base[0]))
    for name, scores, rule in rules:
        rows.append(_members_row(name, "whole half", _hits(whole, scores, rule), base[0]))
    parts, found = tested(data)
    alone = [cosines(part) for part in parts]
    mapped = [e.calibration.probability(e.scores(p)) for p, e in zip(parts, found, strict=True)]
    fold_base = _hits(parts, alone, geometric)
    where = "all folds, mean"
    rows.append(_members_row("geometric of cosines", where, fold_base, fold_base[0]))
    name = "geometric, map and calibration of the other folds"
    rows.append(_members_row(name, where, _hits(parts, mapped, geometric), fold_base[0]))
    note = (
        f"{MEMBERS} members a draw (split over folds where folds are tested), {DRAWS} draws, each"
        " member with one request and one offer; of those who have a mutual partner, the share"
        " with one in their top ten. Intervals over draws; exposure of the first draw, for all folds"
        " the mean over them."
    )
    columns = ("method", "tested on", "hit@10", "over geometric of cosines")
    return Table(
        "Time banks: members",
        (*columns, *metrics.EXPOSURE_COLUMNS),
        tuple(rows),
        note,
        "hit@10",
        0.344,
    )


Hits = tuple[Floats, list[Exposure]]


def _hits(parts: list[TimeBanks], scores: list[Floats], rule: Rule) -> Hits:
    found, shown = [], []
    for seed in range(DRAWS):
        each = []
        for data, score in zip(parts, scores, strict=True):
            needs, offers = draw(data, seed, MEMBERS // len(parts))
            answers = (data.shared() > 0)[needs][:, offers]
            pair = rule(score[needs][:, offers])
            each.append(_hit(pair, answers & answers.T))
            if seed == 0:
                shown.append(metrics.exposure_of_matrix(pair, 10, mutual=True))
        found.append(float(np.mean(each)))
    return np.array(found), shown


def _hit(pair: Floats, mutual: NDArray[np.bool_]) -> float:
    np.fill_diagonal(mutual, val=False)
    np.fill_diagonal(pair, -np.inf)
    top = np.argpartition(-pair, 10, axis=1)[:, :10]
    hit: NDArray[np.bool_] = np.any(np.take_along_axis(mutual, top, axis=1), axis=1)
    able = np.flatnonzero(mutual.any(axis=1))
    return float(np.mean(hit[able]))


def _profile_hits(data: TimeBanks) -> Hits:
    found, shown = [], []
    for seed in range(DRAWS):
        needs, offers = draw(data, seed, MEMBERS)
        both = data.requests.vectors[needs] + data.offers.vectors[offers]
        both /= np.linalg.norm(both, axis=1, keepdims=True)
        answers = (data.shared() > 0)[needs][:, offers]
        pair = np.asarray(both @ both.T, np.float64)
        found.append(_hit(pair, answers & answers.T))
        if seed == 0:
            shown.append(metrics.exposure_of_matrix(pair, 10, mutual=True))
    return np.array(found), shown


def _chance(data: TimeBanks) -> tuple[Cell, ...]:
    needs, offers = draw(data, 0, MEMBERS)
    answers = (data.shared() > 0)[needs][:, offers]
    mutual = answers & answers.T
    np.fill_diagonal(mutual, val=False)
    share = mutual.sum(axis=1)[mutual.any(axis=1)] / (MEMBERS - 1)
    pair = np.random.default_rng(0).random((MEMBERS, MEMBERS))
    np.fill_diagonal(pair, -np.inf)
    shown = metrics.exposure_cells(metrics.exposure_of_matrix(pair, 10, mutual=True))
    return ("chance", "whole half", float(np.mean(1.0 - (1.0 - share) ** 10)), "", *shown)


def _members_row(name: str, where: str, hits: Hits, base: Floats) -> tuple[Cell, ...]:
    over = _percent(metrics.ratio(hits[0], base))
    return (name, where, float(hits[0].mean()), over, *metrics.mean_exposure_cells(hits[1]))
