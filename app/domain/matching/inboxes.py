"""Candidates as a graph, and how much attention an inbox leaves for each who writes to it.

A member looks at place r of their own list with probability 1 / r and says yes with p. Who gets
a yes looks at the senders in the order of their own liking: the expected number of senders ahead
of this one, q, leaves attention 1 / (1 + q). (Su, Bayoumi and Joachims, WWW 2022.)

That the owner likes best whom the probabilities put first is an assumption. Without it all that is
known is how probably each sender is liked: whoever is liked has, in expectation, half of the other
liked ones before them, and those who are not liked never stand before them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.matching.pair_table import PairTable
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices


@dataclass(frozen=True, slots=True)
class Candidates:
    """Hold who may be shown to whom: row k says that `member[k]` may be shown `partner[k]`.

    `yes` is the probability that the member says yes to the partner, `heard` that the partner
    says yes to the member. Rows are ordered by member; no row appears twice.
    """

    members: int
    member: Indices
    partner: Indices
    yes: Floats
    heard: Floats

    @classmethod
    def of(cls, members: int, a: Indices, b: Indices, a_yes: Floats, b_yes: Floats) -> Candidates:
        """Let each unordered pair (a, b) be shown to both."""
        member, partner = np.concatenate([a, b]), np.concatenate([b, a])
        order = np.lexsort((partner, member))
        yes, heard = np.concatenate([a_yes, b_yes]), np.concatenate([b_yes, a_yes])
        return cls(members, member[order], partner[order], yes[order], heard[order])

    @classmethod
    def of_table(cls, table: PairTable, members: int) -> Candidates:
        """Take each pair of a table, and each side's gain for its probability of a yes."""
        return cls.of(members, table.a, table.b, table.a_gains.gain, table.b_gains.gain)

    def places(self) -> Indices:
        """Count each member's rows from 1."""
        first = np.searchsorted(self.member, np.arange(self.members))
        return np.arange(1, len(self.member) + 1) - first[self.member]

    def reachable(self) -> Indices:
        """Give the members who have anybody to meet."""
        return np.unique(self.partner).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Lists:
    """Hold what is shown: rows of the candidates, and the place from 1 in the member's list."""

    row: Indices
    place: Indices


class Inboxes:
    """Order every inbox once, by its owner's liking, and read attention off it again and again."""

    def __init__(self, candidates: Candidates) -> None:
        self.candidates = candidates
        self._order = np.lexsort((candidates.member, -candidates.heard, candidates.partner))
        owner = candidates.partner[self._order]
        self._begin = np.searchsorted(owner, np.arange(candidates.members))[owner]

    def attention(self, sent: Floats, order: float = 1.0) -> Floats:
        """Give 1 / (1 + what is ahead) for each row, `sent` being its chance of a first yes.

        `order` is how far inboxes are taken to be read in the order of the probabilities.
        """
        inbox = sent[self._order]
        before = np.cumsum(inbox) - inbox
        ahead = np.empty(len(sent))
        ahead[self._order] = before - before[self._begin]
        if order < 1.0:
            of = self.candidates
            liked = sent * of.heard
            others = np.bincount(of.partner, liked, of.members)[of.partner] - liked
            ahead = order * ahead + (1.0 - order) * others / 2.0
        return np.asarray(1.0 / (1.0 + np.maximum(ahead, 0.0)), np.float64)

    def sent(self, lists: Lists) -> Floats:
        """Give for each row the chance that its member looks at it and says yes."""
        chance = np.zeros(len(self.candidates.member))
        chance[lists.row] = self.candidates.yes[lists.row] / lists.place
        return chance

    def matches(self, sent: Floats, attention: Floats) -> Floats:
        """Give the expected number of mutual acceptances of each member, in both roles."""
        each = sent * attention * self.candidates.heard
        of = self.candidates
        asked = np.bincount(of.member, each, of.members)
        return np.asarray(asked + np.bincount(of.partner, each, of.members), np.float64)

    def expected(self, lists: Lists) -> float:
        """Give the expected number of mutual acceptances that these lists bring about."""
        sent = self.sent(lists)
        return float((sent * self.attention(sent) * self.candidates.heard).sum())
