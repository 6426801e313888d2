"""Another local model: what its folder may hold, and what is said when it is wrong.

The models are made here, byte by byte as ONNX's protobuf schema numbers the fields, because the
library that writes ONNX is no part of the installation.
"""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from app.adapters.embedding import SHIPPED_MODEL, EmbeddingError, OnnxEmbedder

WORDS, WIDTH = 30522, 2
FLOAT, INT64 = 1, 7


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _value(name: str, kind: int, *axes: str) -> bytes:
    shape = b"".join(_field(1, _field(2, axis)) for axis in axes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _node(operator: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    named = b"".join(_field(1, name) for name in inputs)
    return named + _field(2, output) + _field(4, operator) + attribute


def _model(inputs: list[str], *, pooled: bool) -> bytes:
    """Write a model whose token vector is (1, token id), looked up in a table."""
    table = b"".join(struct.pack("<2f", 1.0, number) for number in range(WORDS))
    weights = _field(1, WORDS) + _field(1, WIDTH) + _field(2, FLOAT) + _field(8, "table")
    nodes = [_node("Add", [inputs[0], inputs[-1]], "ids")]
    nodes += [_node("Gather", ["table", "ids"], "tokens")]
    if pooled:
        axes = _field(1, "axes") + _field(8, 1) + _field(20, 7)
        keep = _field(1, "keepdims") + _field(3, 0) + _field(20, 2)
        attributes = _field(5, axes) + _field(5, keep)
        nodes += [_node("ReduceMax", ["tokens"], "pooled", attributes)]
    output = ("pooled", "texts", "width") if pooled else ("tokens", "texts", "length", "width")
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "graph")
    graph += _field(5, weights + _field(9, table))
    graph += b"".join(_field(11, _value(name, INT64, "texts", "length")) for name in inputs)
    graph += _field(12, _value(output[0], FLOAT, *output[1:]))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))


def _folder(folder: Path, model: bytes | None, **card: object) -> Path:
    (folder / "tokenizer.json").symlink_to(SHIPPED_MODEL / "tokenizer.json")
    if model is None:
        (folder / "model.onnx").symlink_to(SHIPPED_MODEL / "model.onnx")
    else:
        (folder / "model.onnx").write_bytes(model)
    said = {"model": "tiny", "dimensions": WIDTH, "max_tokens": 8, "pooling": "mean", **card}
    (folder / "model.json").write_text(json.dumps(said), "utf-8")
    return folder


def _direction(ids: float) -> tuple[float, float]:
    length = float(np.hypot(1.0, ids))
    return 1 / length, ids / length


BEGIN, END = 101, 102
PIANO, VIOLIN = 3682, 6710


@pytest.mark.parametrize(
    ("pooling", "pooled", "expected"),
    [
        ("mean", False, (BEGIN + PIANO + VIOLIN + END) / 4),
        ("cls", False, BEGIN),
        ("none", True, VIOLIN),
    ],
)
def test_another_model_pools_as_its_folder_says(
    tmp_path: Path,
    pooling: str,
    pooled: bool,  # noqa: FBT001  # a column of the table above
    expected: float,
) -> None:
    model = _model(["input_ids", "token_type_ids"], pooled=pooled)
    embedder = OnnxEmbedder(_folder(tmp_path, model, pooling=pooling))
    assert (embedder.model, embedder.dimensions) == ("tiny", WIDTH)
    vector = embedder.embed(["piano violin"])[0]
    assert tuple(vector.tolist()) == pytest.approx(_direction(expected), abs=1e-6)


def test_padding_has_no_part_in_the_mean(tmp_path: Path) -> None:
    embedder = OnnxEmbedder(_folder(tmp_path, _model(["input_ids"], pooled=False)))
    vectors = embedder.embed(["piano", "piano violin piano violin"])
    expected = _direction((BEGIN + PIANO + END) / 3 * 2)  # the graph adds the ids to themselves
    assert tuple(vectors[0].tolist()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("wrong", [{"dimensions": 3}, {"pooling": "none"}])
def test_a_graph_that_gives_something_else_is_an_error_naming_the_shapes(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    embedder = OnnxEmbedder(_folder(tmp_path, _model(["input_ids"], pooled=False), **wrong))
    with pytest.raises(EmbeddingError, match=r"shape \(1, 3, 2\) where .* mend dimensions"):
        embedder.embed(["piano"])


def test_a_graph_that_wants_unknown_inputs_is_an_error_naming_them(tmp_path: Path) -> None:
    model = _model(["input_ids", "pixels"], pooled=False)
    with pytest.raises(EmbeddingError, match="'pixels'"):
        OnnxEmbedder(_folder(tmp_path, model)).embed(["piano"])


@pytest.mark.parametrize("wrong", [{"pooling": "max"}, {"dimensions": 0}, {"poling": "cls"}])
def test_a_wrong_model_json_is_an_error_naming_what_is_wrong(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(EmbeddingError, match=f"(?s)docs/embedding-model.md.*{next(iter(wrong))}"):
        OnnxEmbedder(_folder(tmp_path, None, **wrong))


def test_weights_that_are_not_what_model_json_describes_are_refused(tmp_path: Path) -> None:
    model = _model(["input_ids"], pooled=False)
    embedder = OnnxEmbedder(_folder(tmp_path, model, sha256="0" * 64))
    with pytest.raises(EmbeddingError, match="sha256 differs"):
        embedder.embed(["piano"])


def test_a_file_that_is_no_model_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\n"
    with pytest.raises(EmbeddingError, match=r"cannot be opened: .*Copy the folder"):
        OnnxEmbedder(_folder(tmp_path, pointer)).embed(["piano"])
