"""Why two members are introduced: for each, the couple that gives what they gain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from app.domain.matching.pairs import Reason, Scored
from app.domain.matching.scores import Calibration, pair_score


class Couple(NamedTuple):
    """Hold the need and the offer that fit best in one direction between two, and their weighted cosine."""

    partner_id: UUID
    need_id: UUID
    offer_id: UUID
    cosine: float


def scored(
    gains: Sequence[Couple], gives: Sequence[Couple], calibration: Calibration
) -> list[Scored]:
    """Score a member's partners with whom both gain, from the couples in either direction.

    `gains` and `gives` hold at most one couple for each partner. A score is made of the gains of
    the very reasons that are shown.
    """
    given = {one.partner_id: one for one in gives}
    both = [(one, given[one.partner_id]) for one in gains if one.partner_id in given]
    if not both:
        return []
    # Rounding may carry the inner product of two unit vectors a little beyond one.
    cosines = np.clip([(mine.cosine, theirs.cosine) for mine, theirs in both], -1.0, 1.0)
    likely = calibration.probability(cosines)
    scores = pair_score(likely[:, 0], likely[:, 1])
    return [
        Scored(
            mine.partner_id,
            score,
            Reason(mine.need_id, mine.offer_id, cosine[0], gain[0]),
            Reason(theirs.need_id, theirs.offer_id, cosine[1], gain[1]),
        )
        for (mine, theirs), cosine, gain, score in zip(
            both, cosines.tolist(), likely.tolist(), scores.tolist(), strict=True
        )
    ]
