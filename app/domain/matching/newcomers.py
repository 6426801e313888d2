"""Newcomers are placed against the inboxes that the last round left, without a new round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.matching.inboxes import Candidates, Lists
from app.domain.matching.rounds import Round, RoundSettings, best_lists
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices


@dataclass(frozen=True, slots=True)
class StoredInboxes:
    """Hold what a round left in the inboxes, to be kept until the next one.

    Row k: `owner[k]` likes one sender with probability `liking[k]`, from whom a yes comes with
    chance `sent[k]`. Rows are ordered by owner, the best liked first. `weights` is each member's
    weight in the round.
    """

    owner: Indices
    liking: Floats
    sent: Floats
    weights: Floats

    @classmethod
    def of(cls, candidates: Candidates, made: Round) -> StoredInboxes:
        """Keep the inboxes of a round made over these candidates."""
        row = np.flatnonzero(made.sent > 0.0)
        row = row[np.lexsort((row, -candidates.heard[row], candidates.partner[row]))]
        return cls(
            candidates.partner[row], candidates.heard[row], made.sent[row], made.weights.copy()
        )

    def attention(self, owner: Indices, liking: Floats, order: float = 1.0) -> Floats:
        """Give what each owner has left for somebody whom they like so much: 1 / (1 + ahead).

        `order` is how far inboxes are taken to be read in the order of liking.
        """
        if len(self.owner) == 0:
            return np.ones(len(owner))
        # One ascending key for (owner, liking from the best): a probability is less than 2.
        keys = self.owner * 2.0 + (1.0 - self.liking)
        at = np.searchsorted(keys, owner * 2.0 + (1.0 - liking), side="left")
        first = np.searchsorted(self.owner, owner, side="left")
        after = np.searchsorted(self.owner, owner, side="right")
        sent, liked = _sums(self.sent), _sums(self.sent * self.liking)
        ahead = order * (sent[at] - sent[first])
        ahead += (1.0 - order) * (liked[after] - liked[first]) / 2.0
        return np.asarray(1.0 / (1.0 + np.maximum(ahead, 0.0)), np.float64)


def _sums(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def place_newcomers(
    stored: StoredInboxes,
    arrivals: Candidates,
    budget: Indices,
    settings: RoundSettings | None = None,
) -> Lists:
    """Give each newcomer the people who gain with them and still have attention to give.

    `arrivals` holds only rows whose member is a newcomer; partners whom the round did not know
    (newcomers among themselves) have empty inboxes and a weight of one.
    """
    chosen = settings or RoundSettings()
    known = arrivals.partner < len(stored.weights)
    weight = np.ones(len(arrivals.partner))
    weight[known] = stored.weights[arrivals.partner[known]]
    left = stored.attention(arrivals.partner, arrivals.heard, chosen.order)
    worth = arrivals.yes * arrivals.heard * left**chosen.temper * weight
    return best_lists(arrivals, worth, np.asarray(budget, np.int64))
