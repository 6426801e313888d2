"""Embeddings by an ONNX model in a local folder: no key, no network, no PyTorch.

The folder holds model.onnx, tokenizer.json and model.json, which says what the other two are.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tokenizers import Tokenizer

from app.adapters.embedding_protocol import (
    EmbeddingError,
    EmptyTextError,
    distinct_texts,
    unit_vectors,
)
from app.adapters.onnx import InferenceSession, SessionOptions

# Larger batches are no faster on a few cores and only take memory.
BATCH_TOKENS: Final = 1024
_KNOWN_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})


class ModelCard(BaseModel):
    """Hold what model.json says; pooling "none" means that the graph pools."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    dimensions: int = Field(ge=1)
    max_tokens: int = Field(ge=3)
    pooling: Literal["mean", "cls", "none"]
    sha256: str | None = None

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read model.json; raise EmbeddingError if it or a file beside it is missing or wrong."""
        for name in ("model.json", "model.onnx", "tokenizer.json"):
            if not (folder / name).is_file():
                raise EmbeddingError(
                    f"The embedding model in {folder} lacks {name}: copy the folder again, or let"
                    " EMBEDDING_MODEL_PATH name a folder that docs/embedding-model.md describes."
                )
        try:
            return cls.model_validate_json((folder / "model.json").read_bytes())
        except ValidationError as error:
            raise EmbeddingError(
                f"{folder / 'model.json'} is not as docs/embedding-model.md describes it: {error}"
            ) from error


@dataclass(frozen=True)
class _Loaded:
    session: Any  # onnxruntime ships no types
    tokenizer: Tokenizer
    inputs: frozenset[str]


class OnnxEmbedder:
    """Embed on this machine; may be shared by threads, and used on both sides of a fork.

    Nothing but model.json is read before the first text. threads is how many cores one call may
    use; None takes those this process may run on.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self._folder = folder
        self._threads = threads or _cores()
        self._card = ModelCard.read(folder)
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        _living.add(self)

    @property
    def model(self) -> str:
        """Name the model as model.json does."""
        return self._card.model

    @property
    def dimensions(self) -> int:
        """Give the length of every vector."""
        return self._card.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector for each text, (len(texts), dimensions); see Embedder.embed.

        What exceeds the model's max_tokens is cut off, as the original model does.
        """
        distinct, rows = distinct_texts(texts)
        vectors = np.empty((len(distinct), self.dimensions), dtype=np.float32)
        if not distinct:
            return vectors
        loaded = self._load()
        encoded = [_encode(loaded.tokenizer, text) for text in distinct]
        if [] in encoded:
            raise EmptyTextError(
                "Text {number} holds no character that the model {model} can read: leave it out, or"
                " ask for its words.",
                number=rows.tolist().index(encoded.index([])),
                model=self.model,
            )
        for batch in _batches([len(ids) for ids in encoded]):
            vectors[batch] = self._run(loaded, [encoded[number] for number in batch])
        return vectors[rows]

    def _run(self, loaded: _Loaded, encoded: list[list[int]]) -> NDArray[np.float32]:
        shape = (len(encoded), max(len(ids) for ids in encoded))
        feed = {name: np.zeros(shape, dtype=np.int64) for name in _KNOWN_INPUTS}
        for row, ids in enumerate(encoded):
            feed["input_ids"][row, : len(ids)] = ids
            feed["attention_mask"][row, : len(ids)] = 1
        given = {name: feed[name] for name in loaded.inputs}
        try:
            output: NDArray[np.float32] = loaded.session.run(None, given)[0]
        except Exception as error:
            raise EmbeddingError(
                f"The embedding model in {self._folder} failed: {error}. Nothing was kept."
            ) from error
        return unit_vectors(self._pool(output, feed["attention_mask"]), f"The model {self.model}")

    def _pool(self, output: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.floating]:
        leading = mask.shape[:1] if self._card.pooling == "none" else mask.shape
        if output.shape != (*leading, self.dimensions):
            raise EmbeddingError(
                f"model.onnx in {self._folder} gives an array of shape {output.shape} where"
                f" {(*leading, self.dimensions)} was expected: mend dimensions or pooling in"
                " model.json."
            )
        if self._card.pooling == "none":
            return output
        if self._card.pooling == "cls":
            return output[:, 0]
        weights = mask[:, :, None].astype(np.float32)
        pooled: NDArray[np.floating] = (output * weights).sum(axis=1) / weights.sum(axis=1)
        return pooled

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()
            return self._loaded

    def _open(self) -> _Loaded:
        graph = (self._folder / "model.onnx").read_bytes()
        if self._card.sha256 not in (None, hashlib.sha256(graph).hexdigest()):
            raise EmbeddingError(
                f"model.onnx in {self._folder} is not the file that model.json describes (its"
                " sha256 differs): copy the folder again."
            )
        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # int8 weights become fp32 when the model is opened. Left to itself the optimiser makes
        # kernels of them that round the activations too, and another CPU gives another vector.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        # A spinning thread takes its core from the databases beside it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:
            raise EmbeddingError(
                f"The embedding model in {self._folder} cannot be opened: {error}. Copy the folder"
                " again, or let EMBEDDING_MODEL_PATH name another."
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._card.max_tokens)
        return _Loaded(session, tokenizer, self._inputs(session))

    def _inputs(self, session: Any) -> frozenset[str]:
        inputs = frozenset(item.name for item in session.get_inputs())
        if "input_ids" not in inputs or inputs - _KNOWN_INPUTS:
            raise EmbeddingError(
                f"model.onnx in {self._folder} takes {sorted(inputs)}; known are"
                f" {sorted(_KNOWN_INPUTS)}, of which input_ids is needed: export it so."
            )
        return inputs

    def _forget(self) -> None:
        # Kept alive on purpose: closing it would wait for threads that the fork left behind.
        _inherited.append(self._loaded)
        self._lock = threading.Lock()
        self._loaded = None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    # One by one: encode_batch starts a thread pool, which does not survive a fork.
    encoding = tokenizer.encode(text)
    return [] if all(encoding.special_tokens_mask) else encoding.ids


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    # Like lengths together, so that little is computed for padding.
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


_living: WeakSet[OnnxEmbedder] = WeakSet()
_inherited: list[_Loaded | None] = []


def _start_afresh() -> None:
    for embedder in list(_living):
        embedder._forget()  # noqa: SLF001  # the fork is this module's business


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
