"""What every embedder promises, what it refuses, and the checks that all of them share."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInputError, ReciprocityError


class EmbeddingError(ReciprocityError):
    """No vector could be made, for a reason that is not the text's."""

    code = "embedding_failed"
    status = 503


class InvalidTextError(InvalidInputError):
    """A text is of a kind that has no vector."""

    code = "invalid_text"


class EmptyTextError(InvalidTextError):
    """A text holds nothing that can be read."""

    code = "empty_text"


class Embedder(Protocol):
    """Turn texts into vectors whose inner product says how near their meanings are.

    A text's vector depends on the text and the model alone, never on what else is in the call.
    """

    @property
    def model(self) -> str:
        """Name the model, stably: rows of vectors carry this name and are compared within it."""
        ...

    @property
    def dimensions(self) -> int:
        """Give the length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(texts), dimensions), row i for texts[i], each of unit length.

        Raise InvalidTextError or EmptyTextError for a text, EmbeddingError for everything else;
        there is no partial answer.
        """
        ...


def distinct_texts(texts: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the different texts in order, and for each given text its place among them."""
    if isinstance(texts, str):
        raise InvalidTextError("One text was given where a list of texts belongs: wrap it in [ ].")
    places: dict[str, int] = {}
    rows = np.empty(len(texts), dtype=np.intp)
    for number, text in enumerate(texts):
        _check(number, text)
        rows[number] = places.setdefault(text, len(places))
    return list(places), rows


def _check(number: int, text: object) -> None:
    # The text itself is somebody's words and stays out of the message.
    if not isinstance(text, str):
        kind = type(text).__name__
        raise InvalidTextError(
            "Text {number} is of type {kind}: only text can be embedded.", number=number, kind=kind
        )
    if not any(unicodedata.category(letter)[0] not in "CZ" for letter in text):
        raise EmptyTextError(
            "Text {number} is empty: leave it out, or ask for its words.", number=number
        )
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidTextError(
            "Text {number} holds half of a surrogate pair, which is no character: decode it anew.",
            number=number,
        )


def unit_vectors(vectors: NDArray[np.floating], source: str) -> NDArray[np.float32]:
    """Scale each row to length one; raise EmbeddingError where a row has no direction."""
    wide = vectors.astype(np.float64)
    finite: NDArray[np.bool_] = np.all(np.isfinite(wide), axis=1)
    lengths = np.linalg.norm(np.where(finite[:, None], wide, 0.0), axis=1)
    if not (finite & np.isfinite(lengths) & (lengths > 0)).all():
        raise EmbeddingError(
            f"{source} made a vector with no direction (all zeros, or not finite)."
            " Nothing was kept: check that this is an embedding model, then try again."
        )
    unit: NDArray[np.float32] = (wide / lengths[:, None]).astype(np.float32)
    return unit
