"""Why two members are introduced: for each, the couple that gives what they gain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.matching.pairs import Pair, Reason
from app.domain.matching.scores import Calibration, pair_score


@dataclass(frozen=True, slots=True)
class Couple:
    """Hold a need, an offer of the other member, and the cosine of their vectors."""

    need_id: UUID
    offer_id: UUID
    cosine: float


def reason(couples: Iterable[Couple], calibration: Calibration) -> Reason | None:
    """Choose the couple with the greatest cosine; None when there is none to choose from."""
    best = max(couples, key=lambda c: (c.cosine, c.need_id, c.offer_id), default=None)
    if best is None:
        return None
    # Rounding may carry the inner product of two unit vectors a little beyond one.
    cosine = min(1.0, max(-1.0, best.cosine))
    return Reason(best.need_id, best.offer_id, cosine, float(calibration.probability(cosine)))


def pair(
    member: UUID,
    partner: UUID,
    gains: Iterable[Couple],
    gives: Iterable[Couple],
    calibration: Calibration,
) -> Pair | None:
    """Make a pair of what one member gains from and gives to another; None when a side is empty.

    The score is made of the gains of the very reasons that are shown.
    """
    mine, theirs = reason(gains, calibration), reason(gives, calibration)
    if mine is None or theirs is None:
        return None
    return Pair.of(member, partner, float(pair_score(mine.gain, theirs.gain)), mine, theirs)
