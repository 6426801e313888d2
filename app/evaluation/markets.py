"""Published figures made anew from their seeds and formulas alone, and ours beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.matching.scores import Floats
from app.evaluation.tables import Cell, Table

_IPFP_STEPS = 10_000
_PASSES = 1000
_INBOX_PASSES = 100


@dataclass(frozen=True, slots=True)
class Market:
    """Hold two sides: `left` (l, r) is how the left like the right, `right` (r, l) the reverse."""

    left: Floats
    right: Floats

    def product(self) -> Floats:
        """Give the probability that both say yes, (l, r)."""
        return self.left * self.right.T


def crowded(left: int, right: int, crowding: float, seed: int) -> Market:
    """Draw a market: (1 - crowding) * uniform + crowding * popularity falling from 1 to 0.

    The generator of Su et al. (WWW 2022) as Tomita and Yokoyama (RecSys 2024) publish it; the
    seed is that of NumPy's first generator, because the published figures are.
    """
    random = np.random.RandomState(seed)
    liked = random.random_sample((left, right)), random.random_sample((right, left))
    popular = np.linspace(1, 0, right), np.linspace(1, 0, left)
    sides = [(1 - crowding) * u + crowding * p for u, p in zip(liked, popular, strict=True)]
    return Market(*(np.clip(side, 0.0, 1.0) for side in sides))


def places(scores: Floats) -> Floats:
    """Give the place from 1 of each column in its row's ranking."""
    order = np.argsort(-scores, axis=1)
    rank = np.empty(scores.shape)
    np.put_along_axis(rank, order, np.arange(1, scores.shape[1] + 1)[None].astype(float), axis=1)
    return rank


def looked_at_by_both(market: Market, left: Floats, right: Floats) -> float:
    """Give expected matches when both sides look at place r of their list with chance 1 / r."""
    chance = market.left / places(left) * (market.right / places(right)).T
    return float(chance.sum())


def transferable_utility(market: Market) -> Floats:
    """Give the equilibrium of Choo and Siow with temperature 1 by proportional fitting (IPFP)."""
    kernel = np.exp((market.left + market.right.T) / 2.0)
    a, b = np.ones(kernel.shape[0]), np.ones(kernel.shape[1])
    for _ in range(_IPFP_STEPS):
        half = kernel @ b / 2.0
        fresh = np.sqrt(1.0 + half * half) - half
        half = kernel.T @ fresh / 2.0
        b = np.sqrt(1.0 + half * half) - half
        moved = float(np.abs(fresh - a).max())
        a = fresh
        if moved < 1e-12:  # noqa: PLR2004 (far below the digits compared)
            break
    return kernel * a[:, None] * b


def inbox(market: Market, sent: Floats, *, exact: bool) -> Floats:
    """Give the attention that each right member has left for each left one, (l, r).

    Senders are read in the order of liking. With `exact` the expectation of 1 / (1 + senders
    ahead) over independent senders, without it 1 / (1 + their expected number).
    """
    order = np.argsort(-market.right, axis=1, kind="stable")
    queue = np.take_along_axis(sent.T, order, axis=1)
    left = np.empty_like(queue)
    if exact:
        count, reading = np.zeros(queue.shape), 1.0 / np.arange(1, queue.shape[1] + 1)
        count[:, 0] = 1.0
        for k in range(queue.shape[1]):
            left[:, k] = count @ reading
            one_more = np.hstack([np.zeros((len(count), 1)), count[:, :-1]])
            chance = queue[:, k : k + 1]
            count = (1.0 - chance) * count + chance * one_more
    else:
        left = 1.0 / (1.0 + np.cumsum(queue, axis=1) - queue)
    found = np.empty_like(left)
    np.put_along_axis(found, order, left, axis=1)
    return found.T


def read_by_inbox(market: Market, scores: Floats, *, exact: bool) -> tuple[float, Floats]:
    """Give expected matches when the right read an inbox, and the attention they have left."""
    sent = market.left / places(scores)
    attention = inbox(market, sent, exact=exact)
    return float((sent * market.right.T * attention).sum()), attention


def mode(market: Market) -> float:
    """Give the best of the best responses, from everybody shown to everybody alike (MODE)."""
    columns = market.left.shape[1]
    sent = market.left * np.mean(1.0 / np.arange(1, columns + 1))
    attention, best, seen = inbox(market, sent, exact=True), 0.0, set()
    for _ in range(_PASSES):
        scores = market.product() * attention
        ranking = np.argsort(-scores, axis=1, kind="stable").tobytes()
        if ranking in seen:
            break
        seen.add(ranking)
        matches, attention = read_by_inbox(market, scores, exact=True)
        best = max(best, matches)
    return best


def damped(market: Market) -> float:
    """Give the best of damped best responses to the mean-field inbox."""
    best, attention = read_by_inbox(market, market.product(), exact=False)
    for _ in range(_INBOX_PASSES):
        matches, fresh = read_by_inbox(market, market.product() * attention, exact=False)
        attention = 0.5 * (attention + fresh)
        best = max(best, matches)
    return best


def anchors() -> Table:
    """Compare with published figures that a seed and a formula determine."""
    market = crowded(30, 20, 0.5, 0)
    product, equilibrium = market.product(), transferable_utility(market)
    rows: list[tuple[Cell, ...]] = [
        _anchor(
            "Tomita and Yokoyama 2024, 30 x 20, seed 0: naive",
            6.097606,
            looked_at_by_both(market, market.left, market.right),
            1e-6,
        ),
        _anchor(
            "the same: product", 13.214715, looked_at_by_both(market, product, product.T), 1e-6
        ),
        _anchor(
            "the same: transferable utility",
            15.447528,
            looked_at_by_both(market, equilibrium, equilibrium.T),
            1e-6,
        ),
    ]
    for size, published in ((20, 20.2392), (50, 58.8592), (100, 129.6772)):
        found = mode(crowded(int(1.5 * size), size, 0.8, 0))
        rows.append(_anchor(f"MODE, crowding 0.8, seed 0, n = {size}", published, found, 1e-3))
    columns = ("figure", "published", "here", "within")
    return Table("Paper anchors", columns, tuple(rows), "Expected matches.")


def _anchor(name: str, published: float, found: float, tolerance: float) -> tuple[Cell, ...]:
    within = f"{tolerance:g}" if abs(found - published) <= tolerance else "NOT REACHED"
    return (name, f"{published:.6f}", f"{found:.6f}", within)


def crowding(seeds: int = 5) -> Table:
    """Compare rankings on the generator of Su et al. (crowding 0.5, two senders a receiver)."""
    rows: list[tuple[Cell, ...]] = []
    for receivers in (100, 200):
        found = []
        for seed in range(seeds):
            market = crowded(2 * receivers, receivers, 0.5, seed)
            product = read_by_inbox(market, market.product(), exact=False)[0]
            utility = read_by_inbox(market, transferable_utility(market), exact=False)[0]
            found.append((product, utility, damped(market)))
        mean = np.mean(found, axis=0)
        for name, value in zip(
            ("product", "transferable utility", "best response"), mean, strict=True
        ):
            rows.append((f"{name}, {receivers} receivers", float(value), float(value / mean[0])))
    columns = ("ranking", "expected matches", "over product")
    note = f"Mean over seeds 0 to {seeds - 1}; 1 / (1 + expected senders ahead)."
    return Table("Crowded markets", columns, tuple(rows), note, "expected matches")
