"""What a member's own decisions change in what they gain: a field refused again and again counts less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.matching.couples import Gains, ScoredPairs
from app.domain.matching.learning import lowered
from app.domain.matching.pair_table import PairTable, listed
from app.domain.matching.pairs import Reason, Scored
from app.domain.matching.rules import Keys
from app.domain.matching.scores import Floats, pair_score
from app.domain.matching.vectors import Indices

Penalties = Mapping[str, float]


def penalty(held: Penalties, fields: Keys) -> float:
    """Give what somebody of these fields loses with whoever holds these penalties, in logits."""
    return max((lost for name, lost in held.items() if name in fields), default=0.0)


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Hold the penalties of those who hold any, by member index, and everybody's fields."""

    penalties: Mapping[int, Penalties]
    fields: Sequence[Keys]

    def __bool__(self) -> bool:
        return bool(self.penalties)

    def table(self, found: PairTable, length: int) -> PairTable:
        """Lower the gains that penalties lower, and keep each member's `length` best after it."""
        a_gain = self._lowered(found.a, found.b, found.a_gains.gain)
        b_gain = self._lowered(found.b, found.a, found.b_gains.gain)
        scored = ScoredPairs(
            pair_score(a_gain, b_gain), _with(found.a_gains, a_gain), _with(found.b_gains, b_gain)
        )
        return listed(found.a, found.b, scored, found.a_place > 0, found.b_place > 0, length)

    def _lowered(self, taker: Indices, giver: Indices, gain: Floats) -> Floats:
        lost = np.zeros(len(gain))
        rows = np.flatnonzero(np.isin(taker, list(self.penalties)))
        members, partners = taker[rows].tolist(), giver[rows].tolist()
        for row, member, partner in zip(rows.tolist(), members, partners, strict=True):
            lost[row] = penalty(self.penalties[member], self.fields[partner])
        at = np.flatnonzero(lost)
        changed = gain.copy()
        changed[at] = lowered(gain[at], lost[at])
        return changed


def _with(gains: Gains, gain: Floats) -> Gains:
    return Gains(gains.need, gains.offer, gains.cosine, gain)


def adjusted(found: Scored, mine: float, theirs: float) -> Scored:
    """Lower what each of two gains by their penalty; the score follows from both gains as ever."""
    if not mine and not theirs:
        return found
    gains, gives = _less(found.gains, mine), _less(found.gives, theirs)
    return Scored(found.partner_id, float(pair_score(gains.gain, gives.gain)), gains, gives)


def _less(reason: Reason, lost: float) -> Reason:
    return reason._replace(gain=float(lowered(reason.gain, lost))) if lost else reason
