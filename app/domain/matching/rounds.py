"""A round of introductions for a whole community, sharing out everybody's attention.

A list made for each member alone sends everybody to the same few. Here each list is a best
response to the attention that the others' lists leave (after MODE: Tomita, RecSys 2026), tempered,
weighted so that who has little gets more (alpha-fairness), with one place kept for the unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.exposure import Exposure, attention, exposure
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices

FAIRNESS: Final = 0.25
_SERVED = 0.3
_BLIND, _SEEING = 0.625, 0.675
# Nobody's weight grows beyond that of a member with a twentieth of the mean.
_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """Say how a round shares attention.

    `alpha` is the fairness (0 none, 0.25 by default, 0.5 fairness first), `temper` the power to
    which the attention left is taken: 0 makes every list for itself, 1 trusts the probabilities.
    `order` is how far the order in which an inbox is read is taken as known (0 not at all, 1 as the
    probabilities say); half of it brings the most even where they are exact, because lists that
    answer each other's order go to and fro.
    """

    alpha: float = FAIRNESS
    temper: float = 0.5
    order: float = 0.5
    outer_passes: int = 4
    inner_passes: int = 8
    damping: float = 0.5

    def __post_init__(self) -> None:
        shares = (self.temper, self.order)
        if not (
            0.0 <= self.alpha < 1.0
            and all(0.0 <= share <= 1.0 for share in shares)
            and 0.0 < self.damping <= 1.0
        ):
            raise ValueError("alpha lies in [0, 1), temper and order in [0, 1], damping in (0, 1]")
        if self.outer_passes < 1 or self.inner_passes < 1:
            raise ValueError("a round makes at least one outer and one inner pass")


def trusted(settings: RoundSettings, auc: float) -> RoundSettings:
    """Weaken the sharing as the probabilities' measured AUC falls from 0.675 to 0.625.

    With probabilities that cannot tell a yes from a no, avoiding a crowd only costs matches. At an
    AUC of 0.678 the whole of it costs none: `reciprocity evaluate labels`. The order of an inbox is
    trusted by 2 AUC - 1, the share of a yes and a no in the right order less those in the wrong one.
    """
    share = float(np.clip((auc - _BLIND) / (_SEEING - _BLIND), 0.0, 1.0))
    return replace(
        settings,
        alpha=settings.alpha * share,
        temper=settings.temper * share,
        order=settings.order * float(np.clip(2.0 * auc - 1.0, 0.0, 1.0)),
    )


@dataclass(frozen=True, slots=True)
class Round:
    """Hold a round: row k shows `partner[k]` to `member[k]` at `place[k]`, and its figures.

    `worth[k]` (0 to 1) falls from place to place: the geometric mean of both sides' probabilities,
    less where the partner's attention is taken, more where the partner has little.
    `expected_matches` counts expected mutual acceptances, `plain_matches` those of lists made for
    each member alone; `weights` are what newcomers are placed with until the next round.
    """

    member: Indices
    partner: Indices
    place: Indices
    expected_matches: float
    exposure: Exposure
    plain_matches: float
    plain_exposure: Exposure
    worth: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    sent: Floats = field(repr=False)


def best_lists(candidates: Candidates, worth: Floats, budget: Indices) -> Lists:
    """Show each member the candidates of greatest worth (> 0), at most their budget of them."""
    # A positive float32 sorts by its bits: member and worth become one sortable integer.
    bits = np.maximum(worth, 0.0).astype(np.float32).view(np.uint32)
    keys = candidates.member.astype(np.uint64) << np.uint64(32)
    keys |= (np.uint32(0x7FFFFFFF) - bits).astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    place = candidates.places()
    shown = np.flatnonzero((place <= budget[candidates.member]) & (worth[order] > 0.0))
    return Lists(order[shown], place[shown])


def share_attention(
    candidates: Candidates, budget: NDArray[np.integer], settings: RoundSettings | None = None
) -> Round:
    """Make everybody's list for one round; `budget` (members,) bounds each list's length.

    Every pair of the candidates must be allowed: rules are applied before. Linear in the number
    of candidates but for the sorting. Nobody who can be shown stays unseen while a well-served
    member has a place to give.
    """
    chosen = settings or RoundSettings()
    limit = np.asarray(budget, np.int64)
    if limit.shape != (candidates.members,) or limit.min(initial=0) < 0:
        raise ValueError("the budget holds one number, 0 or more, for each member")
    inboxes = Inboxes(candidates)
    plain = best_lists(candidates, candidates.yes * candidates.heard, limit)
    lists, weights = _best_responses(inboxes, limit, chosen)
    if chosen.alpha > 0.0:
        lists = _with_the_unseen(inboxes, lists, limit)
    return Round(
        candidates.member[lists.row],
        candidates.partner[lists.row],
        lists.place,
        inboxes.expected(lists),
        measured(candidates, lists),
        inboxes.expected(plain),
        measured(candidates, plain),
        _worth(inboxes, lists, weights, chosen),
        weights,
        inboxes.sent(lists),
    )


def _worth(inboxes: Inboxes, lists: Lists, weights: Floats, settings: RoundSettings) -> Floats:
    of, row = inboxes.candidates, lists.row
    left = inboxes.attention(inboxes.sent(lists), settings.order)[row] ** settings.temper
    value = np.sqrt(of.yes[row] * of.heard[row] * left * weights[of.partner[row]])
    # Rows go by member and place; a place given away to the unseen may not break the order.
    falling = np.lexsort((-value, of.member[row]))
    return np.minimum(value[falling], 1.0)


def measured(candidates: Candidates, lists: Lists) -> Exposure:
    """Measure how the lists share attention among those who can be shown to anybody."""
    row = lists.row
    return exposure(
        candidates.member[row], candidates.partner[row], lists.place, candidates.reachable()
    )


def _best_responses(
    inboxes: Inboxes, budget: Indices, settings: RoundSettings
) -> tuple[Lists, Floats]:
    of = inboxes.candidates
    mutual = of.yes * of.heard
    weights, left = np.ones(of.members), np.ones(len(mutual))
    best = best_lists(of, mutual, budget)
    best_welfare, best_weights = -np.inf, weights
    for _ in range(settings.outer_passes):
        lists, sent = best, left
        for _ in range(settings.inner_passes):
            worth = mutual * left**settings.temper * weights[of.partner]
            lists = best_lists(of, worth, budget)
            sent = inboxes.sent(lists)
            left = left + settings.damping * (inboxes.attention(sent, settings.order) - left)
        matches = inboxes.matches(sent, inboxes.attention(sent, settings.order))
        welfare = float((matches ** (1.0 - settings.alpha)).sum())
        if welfare > best_welfare:
            best, best_welfare, best_weights = lists, welfare, weights
        mean = matches.mean() if matches.any() else 1.0
        fair = np.maximum(matches / mean, _LEAST_SHARE) ** -settings.alpha
        weights = 0.5 * (weights + fair)
    return best, best_weights


def _with_the_unseen(inboxes: Inboxes, lists: Lists, budget: Indices) -> Lists:
    """Give the last place of well-served members to those who are hardly seen, unseen first.

    Nobody becomes unseen by it, and nobody gives more than one place.
    """
    of = inboxes.candidates
    falls = attention(of.partner[lists.row], lists.place, of.members)
    sent = inboxes.sent(lists)
    matches = inboxes.matches(sent, inboxes.attention(sent))
    poor = falls < _SERVED * falls[of.reachable()].mean() if len(of.partner) else falls < 0
    length = np.bincount(of.member[lists.row], minlength=of.members)
    giving = (matches >= matches.mean()) & (length >= np.maximum(budget, 2))
    shown = np.zeros(len(of.member), np.bool_)
    shown[lists.row] = True
    wanted = np.flatnonzero(poor[of.partner] & giving[of.member] & ~shown)
    mutual = of.yes[wanted] * of.heard[wanted]
    wanted = wanted[np.lexsort((wanted, -mutual, falls[of.partner[wanted]]))]
    last = np.full(of.members, -1)
    at_last = lists.place == length[of.member[lists.row]]
    last[of.member[lists.row[at_last]]] = np.flatnonzero(at_last)
    return _give_places(of, lists, wanted, last)


def _give_places(of: Candidates, lists: Lists, wanted: Indices, last: Indices) -> Lists:
    row = lists.row.copy()
    times = np.bincount(of.partner[row], minlength=of.members)
    falls = attention(of.partner[row], lists.place, of.members)
    enough = _SERVED * falls[of.reachable()].mean() if len(row) else 0.0
    given = np.zeros(of.members, np.bool_)
    members, partners = of.member[wanted].tolist(), of.partner[wanted].tolist()
    for edge, giver, receiver in zip(wanted.tolist(), members, partners, strict=True):
        slot = int(last[giver])
        leaving = int(of.partner[row[slot]])
        share = 1.0 / float(lists.place[slot])
        if given[giver] or falls[receiver] >= enough or times[leaving] <= 1:
            continue
        if falls[leaving] - share < min(enough, falls[receiver] + share):
            continue
        given[giver] = True
        row[slot] = edge
        times[leaving] -= 1
        times[receiver] += 1
        falls[leaving] -= share
        falls[receiver] += share
    return Lists(row, lists.place)
