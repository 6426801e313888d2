"""Requests and offers of real time banks, with the categories that their members ticked."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.adapters.embedding import SHIPPED_MODEL, OnnxEmbedder
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices, Vectors
from app.evaluation import sources

FOLDS = 4


@dataclass(frozen=True, slots=True)
class Statements:
    """Hold statements of one kind: vectors, TF-IDF rows, categories (n, c), fold of the bank."""

    vectors: Vectors
    words: Vectors
    topics: NDArray[np.bool_]
    fold: Indices

    def of_fold(self, fold: int) -> Statements:
        """Keep the statements of the time banks of one fold."""
        return self.where(self.fold == fold)

    def apart_from(self, fold: int, texts: frozenset[bytes]) -> Statements:
        """Keep the statements of all other folds, but no text of those given by their vectors."""
        known = np.array([vector.tobytes() in texts for vector in self.vectors], np.bool_)
        return self.where((self.fold != fold) & ~known)

    def where(self, at: NDArray[np.bool_]) -> Statements:
        """Keep some of the statements."""
        return Statements(self.vectors[at], self.words[at], self.topics[at], self.fold[at])


@dataclass(frozen=True, slots=True)
class TimeBanks:
    """Hold all requests and all offers that name a category, each distinct one once."""

    requests: Statements
    offers: Statements

    def of_fold(self, fold: int) -> TimeBanks:
        """Keep one fold of both."""
        return TimeBanks(self.requests.of_fold(fold), self.offers.of_fold(fold))

    def apart_from(self, fold: int) -> TimeBanks:
        """Keep what may be learned from before one fold is tested: no bank and no text of it.

        Neighbouring time banks list some offers twice, so texts are compared as well as banks.
        """
        tested = self.of_fold(fold)
        vectors = np.concatenate([tested.requests.vectors, tested.offers.vectors])
        texts = frozenset(vector.tobytes() for vector in vectors)
        return TimeBanks(self.requests.apart_from(fold, texts), self.offers.apart_from(fold, texts))

    def shared(self) -> Floats:
        """Give the Jaccard share of categories of each request (row) and offer (column)."""
        a, b = self.requests.topics.astype(float), self.offers.topics.astype(float)
        both = a @ b.T
        return np.asarray(both / (a.sum(1)[:, None] + b.sum(1)[None] - both), np.float64)


def load() -> TimeBanks:
    """Read and embed the listings; raise DataAbsentError when they are not here."""
    kept, seen = [], set()
    for row in sources.rows("timebanks/listings.csv"):
        key = (row["timebank"], row["type"], row["description"], row["categories"])
        if row["categories"].strip() and row["description"].strip() and key not in seen:
            seen.add(key)
            kept.append(row)
    texts = [row["description"] for row in kept]
    codes = sorted({code for row in kept for code in row["categories"].split()})
    topics = np.array([[c in row["categories"].split() for c in codes] for row in kept])
    vectors, words = embedded(texts), tf_idf(texts)
    fold = np.array([sources.fold(row["timebank"], FOLDS) for row in kept])

    def of(kind: str) -> Statements:
        at = np.array([row["type"] == kind for row in kept])
        return Statements(vectors[at], words[at], topics[at], fold[at])

    return TimeBanks(of("request"), of("offer"))


def embedded(texts: list[str]) -> Vectors:
    """Embed with the shipped model; vectors, never texts, are kept in the temporary folder."""
    model = OnnxEmbedder(SHIPPED_MODEL)
    digest = hashlib.sha256("\0".join([model.model, *texts]).encode()).hexdigest()[:32]
    cache = Path(tempfile.gettempdir()) / f"reciprocity-vectors-{digest}.npy"
    if cache.exists():
        return np.asarray(np.load(cache), np.float32)
    vectors = model.embed(texts)
    np.save(cache, vectors)
    return vectors


def tf_idf(texts: list[str]) -> Vectors:
    """Give unit TF-IDF rows over lower-case words: the baseline without a model."""
    split = [re.findall(r"\w\w+", text.lower()) for text in texts]
    place: dict[str, int] = {}
    for words in split:
        for word in words:
            place.setdefault(word, len(place))
    counts = np.zeros((len(texts), len(place)), np.float32)
    for row, words in enumerate(split):
        for word in words:
            counts[row, place[word]] += 1.0
    counts *= np.log((1 + len(texts)) / (1 + (counts > 0).sum(axis=0))) + 1.0
    length = np.linalg.norm(counts, axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(length, 1e-9), np.float32)
