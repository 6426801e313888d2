"""The states of a text's tokens in a middle layer of the shipped embedding model.

The model's file gives its last layer only. A graph in ONNX is a protocol buffer, and one message
written behind another is merged into it: the name of a further output is appended to the bytes in
memory, and the file stays as it is.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from app.adapters.embedding import SHIPPED_MODEL
from app.adapters.embedding_onnx import ModelCard
from app.adapters.embedding_protocol import EmbeddingError
from app.adapters.onnx import InferenceSession, SessionOptions

LAYERS: Final = ("layer_norm_6", "layer_norm_8")  # what the third and fourth of six layers give
_REMEMBERED: Final = 2_000  # texts; of 12 tokens each about 40 MB
_TOKENS: Final = 1024  # of one call of the model
_GRAPH, _OUTPUT, _NAME = 7, 12, 1  # fields of ModelProto, GraphProto and ValueInfoProto


class TokenStates:
    """Run the shipped model up to the states that understanding reads; may be shared by threads."""

    def __init__(self, folder: Path = SHIPPED_MODEL, *, layers: Sequence[str] = LAYERS) -> None:
        self._folder = folder
        self._layers = tuple(layers)
        self._card = ModelCard.read(folder)
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @property
    def model(self) -> str:
        """Name the model and its layers."""
        return f"{self._card.model}:{'+'.join(self._layers)}"

    def states(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Give for each text its tokens' states, shape (tokens, width of all layers)."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        asked = [text for text in dict.fromkeys(texts) if text not in found]
        found.update(zip(asked, self._run(asked), strict=True))
        with self._lock:
            for text in asked:
                self._known[text] = found[text]
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return [found[text] for text in texts]

    def _run(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        if not texts:
            return []
        session, tokenizer = self._open()
        encoded = [tokenizer.encode(text).ids for text in texts]
        results: dict[int, NDArray[np.float32]] = {}
        for places in _batches([len(ids) for ids in encoded]):
            results.update(self._call(session, {place: encoded[place] for place in places}))
        return [results[place] for place in range(len(texts))]

    def _call(self, session: Any, encoded: dict[int, list[int]]) -> dict[int, NDArray[np.float32]]:
        shape = (len(encoded), max(map(len, encoded.values())))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, tokens in enumerate(encoded.values()):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        layers = session.run(list(self._layers), {"input_ids": ids, "attention_mask": mask})
        joined = np.concatenate(layers, axis=-1)
        return {
            place: joined[row, : len(tokens)].astype(np.float32)
            for row, (place, tokens) in enumerate(encoded.items())
        }

    def _open(self) -> tuple[Any, Any]:
        with self._lock:
            if self._session is None:
                graph = (self._folder / "model.onnx").read_bytes()
                if self._card.sha256 not in (None, hashlib.sha256(graph).hexdigest()):
                    raise EmbeddingError(
                        f"model.onnx in {self._folder} is not the file that model.json describes;"
                        " copy the folder again."
                    )
                self._session = self._session_of(graph)
                self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                self._tokenizer.no_padding()
                self._tokenizer.enable_truncation(self._card.max_tokens)
            return self._session, self._tokenizer

    def _session_of(self, graph: bytes) -> Any:
        options = SessionOptions()
        options.intra_op_num_threads = 2
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # The same kernels on every CPU, and no thread that spins; as for the vectors.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return InferenceSession(
                graph + further_outputs(self._layers), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise EmbeddingError(
                f"The embedding model in {self._folder} has no layers {self._layers}: {error}."
                " Understanding needs the shipped model; copy the folder again."
            ) from error


def further_outputs(names: Sequence[str]) -> bytes:
    """Write the part of an ONNX model that names outputs, to be appended to one."""
    outputs = b"".join(_field(_OUTPUT, _field(_NAME, name.encode())) for name in names)
    return _field(_GRAPH, outputs)


def _field(number: int, content: bytes) -> bytes:
    """Write one length-delimited field of a protocol buffer."""
    length, size = b"", len(content)
    while size > 0x7F:  # noqa: PLR2004 - seven bits a byte
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Put texts of like lengths together, so that little is computed for padding."""
    batches: list[list[int]] = [[]]
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches[-1] and (len(batches[-1]) + 1) * lengths[place] > _TOKENS:
            batches.append([])
        batches[-1].append(place)
    return batches
