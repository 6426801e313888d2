"""Map another embedder's vectors by what a community's statements are about.

The map is a file of numbers that `reciprocity learn-map` wrote; it holds no words. Mapped vectors
are a model of their own name, so they stand beside the unmapped ones and are compared among themselves.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.adapters.embedding_protocol import Embedder
from app.domain.matching.statement_map import StatementMap
from app.errors import SettingsError


class MappedEmbedder:
    """Ask the embedder behind, and map what it gives."""

    def __init__(self, behind: Embedder, mapping: StatementMap, name: str) -> None:
        self._behind = behind
        self._map = mapping
        self._name = name

    @property
    def model(self) -> str:
        """Name the model behind and the map, which is told apart by its numbers."""
        return f"{self._behind.model}+{self._name}"

    @property
    def dimensions(self) -> int:
        """Give the length of every vector: the map keeps it."""
        return self._behind.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text; raise what the embedder behind raises."""
        vectors = self._behind.embed(texts)
        # Row by row: a product of matrices may round differently with the number of its rows.
        mapped = [self._map.apply(vector[None])[0] for vector in vectors]
        return np.stack(mapped) if mapped else vectors


def mapped(behind: Embedder, file: Path) -> MappedEmbedder:
    """Put the map of a file before an embedder; raise SettingsError when it does not fit it."""
    try:
        content = file.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            model, mean, matrix = str(held["model"]), held["mean"], held["matrix"]
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"EMBEDDING_MAP={file} cannot be read as a map: {error}. `reciprocity learn-map` writes"
            " one; unset EMBEDDING_MAP to do without."
        ) from error
    if model != behind.model or matrix.shape != (behind.dimensions, behind.dimensions):
        raise SettingsError(
            f"EMBEDDING_MAP={file} was learned for {model} ({len(mean)} dimensions), and the model"
            f" here is {behind.model} ({behind.dimensions}): learn a map for it, or unset"
            " EMBEDDING_MAP."
        )
    digest = hashlib.sha256(content).hexdigest()[:8]
    return MappedEmbedder(behind, StatementMap(mean, matrix), f"map-{digest}")


def save(mapping: StatementMap, model: str, file: Path) -> None:
    """Write a map for one model."""
    with file.open("wb") as opened:
        np.savez(opened, model=np.array(model), mean=mapping.mean, matrix=mapping.matrix)
