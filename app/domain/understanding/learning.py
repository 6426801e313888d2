"""Fit a network to labelled examples: Adam with decoupled weight decay, the same from the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.understanding.head import Batch, Floats, Network
from app.domain.understanding.kinds import Asked

_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8  # Kingma and Ba 2015, algorithm 1
_RATE: Final = 2e-3
_BATCH: Final = 128


@dataclass(frozen=True, slots=True)
class Examples:
    """Hold texts' token states, what was asked, each one's label, and how much each one counts."""

    states: Sequence[Floats]
    asked: Sequence[Asked]
    labels: NDArray[np.intp]
    weights: Floats


def fit(
    examples: Examples,
    labels: int,
    *,
    units: int,
    passes: int,
    decay: float,
    dropped: float,
    seed: int,
) -> Network:
    """Minimise the weighted cross-entropy; in each step a share of the inputs is `dropped`."""
    random = np.random.default_rng(seed)
    rows, width = len(examples.states), examples.states[0].shape[1]
    seen = 2 * units + len(Asked)
    weights: list[Floats] = [
        random.normal(0, width**-0.5, (width, units)).astype(np.float32),
        np.zeros(units, dtype=np.float32),
        random.normal(0, seen**-0.5, (seen, labels)).astype(np.float32),
        np.zeros(labels, dtype=np.float32),
    ]
    first: list[Floats] = [np.zeros_like(one) for one in weights]
    second: list[Floats] = [np.zeros_like(one) for one in weights]
    steps, step = passes * -(-rows // _BATCH), 0
    for _ in range(passes):
        order = random.permutation(rows)
        for begin in range(0, rows, _BATCH):
            step += 1
            rate = _RATE * (1 - 0.95 * step / steps)
            kept = np.where(random.random(width) < dropped, 0.0, 1 / (1 - dropped))
            slopes = _slopes(weights, examples, order[begin : begin + _BATCH], kept)
            for place, slope in enumerate(slopes):
                first[place] = _FIRST * first[place] + (1 - _FIRST) * slope
                second[place] = _SECOND * second[place] + (1 - _SECOND) * slope**2
                move = (first[place] / (1 - _FIRST**step)) / (
                    np.sqrt(second[place] / (1 - _SECOND**step)) + _TINY
                )
                shrunk = decay * weights[place] if weights[place].ndim > 1 else 0.0
                weights[place] = (weights[place] - rate * (move + shrunk)).astype(np.float32)
    return Network(*weights)


def _slopes(
    weights: Sequence[Floats],
    examples: Examples,
    rows: NDArray[np.intp],
    kept: NDArray[np.floating],
) -> list[Floats]:
    """Give the gradients of the weighted mean cross-entropy over some rows."""
    whole = Batch.of([examples.states[row] for row in rows], [examples.asked[row] for row in rows])
    batch = Batch(
        (whole.states * kept).astype(np.float32), whole.begins, whole.lengths, whole.asked
    )
    units, seen, miss = Network(*weights).judged(batch)
    counted = examples.weights[rows]
    miss[np.arange(len(rows)), examples.labels[rows]] -= 1.0
    miss *= (counted / counted.sum())[:, None]
    back = miss @ weights[2].T
    width = units.shape[1]
    text = np.repeat(np.arange(len(rows)), batch.lengths)
    strongest = units == seen[text, :width]
    slope = back[text, :width] * strongest
    slope += back[text, width : 2 * width] / batch.lengths[text][:, None]
    slope *= units > 0
    return [batch.states.T @ slope, slope.sum(axis=0), seen.T @ miss, miss.sum(axis=0)]
