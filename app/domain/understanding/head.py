"""A small network over the states of a text's tokens: what the text most probably is.

The mean of a sentence's states, which is its vector for matching, says what it is about. Who gives
and who takes is said by single words in their places, and better by the middle layers of a language
model than by its last. So every token is judged for itself, and the strongest judgements count.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.understanding.kinds import Asked
from app.errors import ReciprocityError

Floats = NDArray[np.float32]
_ASKED: Final = tuple(Asked)
_LOUD: Final = 3.0  # a bare answer ("tax advice") is told by nothing but the question before it
_ARRAYS: Final = ("tokens", "tokens_bias", "out", "out_bias")


class HeadError(ReciprocityError):
    """The stored weights cannot be used."""

    code = "understanding_unusable"


class States(Protocol):
    """Give the states of texts' tokens."""

    @property
    def model(self) -> str:
        """Name the model and its layers; weights belong to one."""
        ...

    def states(self, texts: Sequence[str]) -> list[Floats]:
        """Give for each text its tokens' states, shape (tokens, width), at least one token."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Hold texts' tokens one below the other: where each text begins, and how many it has."""

    states: Floats
    begins: NDArray[np.intp]
    lengths: NDArray[np.intp]
    asked: Floats

    @classmethod
    def of(cls, states: Sequence[Floats], asked: Sequence[Asked]) -> Batch:
        """Put texts together, each with the question before it."""
        lengths = np.array([len(one) for one in states], dtype=np.intp)
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.intp)
        prior = np.zeros((len(asked), len(_ASKED)), dtype=np.float32)
        prior[np.arange(len(asked)), [_ASKED.index(one) for one in asked]] = _LOUD
        return cls(np.concatenate(states).astype(np.float32), begins, lengths, prior)


@dataclass(frozen=True, slots=True)
class Network:
    """Hold one network: `tokens` is (width, units), `out` (2 x units + questions, labels)."""

    tokens: Floats
    tokens_bias: Floats
    out: Floats
    out_bias: Floats

    def judged(self, batch: Batch) -> tuple[Floats, Floats, Floats]:
        """Give each token's units, each text's strongest and mean units and question, and its shares."""
        units = np.maximum(batch.states @ self.tokens + self.tokens_bias, 0.0)
        strongest = np.maximum.reduceat(units, batch.begins, axis=0)
        count = batch.lengths[:, None].astype(np.float32)
        mean = np.add.reduceat(units, batch.begins, axis=0) / count
        seen: Floats = np.hstack([strongest, mean, batch.asked])
        scores = seen @ self.out + self.out_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return units, seen, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """Hold several networks that were fitted from different beginnings; their mean judges."""

    model: str
    labels: tuple[str, ...]
    networks: tuple[Network, ...]

    def judge(self, model: States, texts: Sequence[str], asked: Sequence[Asked]) -> Floats:
        """Give one row of probabilities a text, in the order of the labels."""
        if model.model != self.model:
            raise HeadError(
                f"Understanding was fitted to {self.model} and was given {model.model}. Use that"
                " model for it, whatever model makes the vectors for matching."
            )
        if not texts:
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        batch = Batch.of(model.states(texts), asked)
        shares = [network.judged(batch)[2] for network in self.networks]
        mean: Floats = np.mean(shares, axis=0, dtype=np.float32)
        return mean

    def dumped(self) -> str:
        """Write the networks as JSON, their numbers as base64 of little-endian half floats."""
        stored = [
            {
                name: {
                    "shape": list(getattr(network, name).shape),
                    "float16": base64.b64encode(
                        getattr(network, name).astype("<f2").tobytes()
                    ).decode(),
                }
                for name in _ARRAYS
            }
            for network in self.networks
        ]
        told = {"model": self.model, "labels": list(self.labels), "networks": stored}
        return json.dumps(told, indent=1) + "\n"


def loaded(text: str) -> Head:
    """Read what `dumped` wrote; raise HeadError when it is something else."""
    try:
        raw = json.loads(text)
        networks = tuple(
            Network(**{name: _array(one[name]) for name in _ARRAYS}) for one in raw["networks"]
        )
        return Head(raw["model"], tuple(raw["labels"]), networks)
    except (KeyError, TypeError, ValueError) as error:
        raise HeadError(
            f"The weights of understanding cannot be read ({type(error).__name__}): make them anew"
            " with python -m app.evaluation.understanding train."
        ) from None


def _array(stored: dict[str, Any]) -> Floats:
    numbers = np.frombuffer(base64.b64decode(stored["float16"]), dtype="<f2")
    return numbers.reshape(stored["shape"]).astype(np.float32)
