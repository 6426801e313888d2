"""What services ask of the world outside, behind protocols that the adapters meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turn texts into vectors of unit length."""

    @property
    def model(self) -> str:
        """Name the model; vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Give the length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give one vector a text, shape (len(texts), dimensions)."""
        ...


class Bell(Protocol):
    """Wake the worker: an event only, never the work itself, which stands in the outbox."""

    def ring(self) -> None:
        """Say that there is work; losing this word delays the work and loses none."""
        ...
