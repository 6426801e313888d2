"""How much each of two members gains from the other, and what that makes of them as a pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALGORITHM: Final = "max-geometric-1"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turn a cosine of one embedding model into the probability that an offer answers a need.

    p = 1 / (1 + exp(-(cosine - midpoint) / scale)). The midpoint and scale of the shipped model
    were fitted on requests and offers of time banks whose members had ticked the same categories.
    """

    midpoint: float = 0.59
    scale: float = 0.16

    def probability(self, cosine: float | Floats) -> Floats:
        """Give p for each cosine; shapes are kept."""
        return np.asarray(
            1.0
            / (1.0 + np.exp(-(np.asarray(cosine, dtype=np.float64) - self.midpoint) / self.scale))
        )


def pair_score(gain_a: float | Floats, gain_b: float | Floats) -> Floats:
    """Give the geometric mean of both gains: high only when both gain, the same from either side."""
    return np.sqrt(np.asarray(gain_a, dtype=np.float64) * np.asarray(gain_b, dtype=np.float64))
