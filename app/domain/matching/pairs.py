"""What a match is made of: one unordered pair, one score, two gains, two reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


class Reason(NamedTuple):
    """Name the couple behind what one member gains: their need, and the offer that answers it.

    `similarity` is the cosine of the two vectors times the weights of both statements, `gain` its
    calibrated probability.
    """

    need_id: UUID
    offer_id: UUID
    similarity: float
    gain: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold one unordered pair, `a` being the smaller id, with a reason for each side."""

    a: UUID
    b: UUID
    score: float
    a_gains: Reason
    b_gains: Reason

    def __post_init__(self) -> None:
        if not self.a < self.b:
            raise ValueError(
                "the smaller id of a pair comes first, and nobody pairs with themselves"
            )

    @classmethod
    def of(cls, member: UUID, other: UUID, score: float, gains: Reason, gives: Reason) -> Pair:
        """Put a pair seen from one member into its one order."""
        if member < other:
            return cls(member, other, score, gains, gives)
        return cls(other, member, score, gives, gains)

    def partner(self, member: UUID) -> UUID:
        """Name the other one of the two."""
        return self.b if member == self.a else self.a


class Scored(NamedTuple):
    """Hold what a member and one partner gain from each other, seen from the member."""

    partner_id: UUID
    score: float
    gains: Reason
    gives: Reason

    def pair(self, member: UUID) -> Pair:
        """Make the pair of the member and this partner."""
        return Pair.of(member, self.partner_id, self.score, self.gains, self.gives)
