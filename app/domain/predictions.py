"""Find the option that a free answer means: the same word, or the nearest by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Under this cosine an answer means none of the options; between two it must be clearly nearer to one.
NEAR: Final = 0.42
CLEARLY: Final = 0.03


@dataclass(frozen=True, slots=True)
class Option:
    """Hold one answer that may be chosen: what is shown, and what is stored."""

    label: str
    value: str


def written_out(options: Sequence[Option], answer: str) -> Option | None:
    """Find the option that an answer names word for word; None when it names none."""
    said = _plain(answer)
    for option in options:
        if said and said in {_plain(option.label), _plain(option.value)}:
            return option
    return None


def nearest(options: Sequence[Option], vectors: NDArray[np.float32]) -> Option | None:
    """Find the option nearest to the answer, whose unit vector is the last row; None when unclear."""
    if not options:
        return None
    cosines = vectors[:-1] @ vectors[-1]
    order = np.argsort(-cosines, kind="stable")
    best = float(cosines[order[0]])
    second = float(cosines[order[1]]) if len(options) > 1 else -1.0
    return options[int(order[0])] if best >= NEAR and best - second >= CLEARLY else None


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold().strip(" .!")
