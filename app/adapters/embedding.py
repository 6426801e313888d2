"""The door to embeddings: the protocol, its errors, and the choice of what stands behind it.

Members' needs and offers become vectors here, by the model in third_party/ on this machine, by
another ONNX model in a local folder, or by a server that speaks OpenAI's embeddings API.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.adapters.embedding_onnx import OnnxEmbedder
from app.adapters.embedding_openai import OpenAIEmbedder
from app.adapters.embedding_protocol import (
    Embedder,
    EmbeddingError,
    EmptyTextError,
    InvalidTextError,
)
from app.errors import SettingsError

__all__ = [
    "SHIPPED_MODEL",
    "Embedder",
    "EmbeddingError",
    "EmptyTextError",
    "InvalidTextError",
    "OnnxEmbedder",
    "OpenAIEmbedder",
    "build_embedder",
]

SHIPPED_MODEL: Final = Path(__file__).resolve().parents[2] / "third_party" / "all-minilm-l6-v2"


def build_embedder(
    *,
    folder: Path | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    model: str | None = None,
    dimensions: int | None = None,
    threads: int | None = None,
) -> Embedder:
    """Choose the server at base_url if there is one, else the model in folder (the shipped one).

    The arguments are the EMBEDDING_* variables. Raise SettingsError where they contradict each
    other: what was meant for a server must not end in a local model that nobody asked for.
    """
    if base_url:
        if not model or not dimensions:
            raise SettingsError(
                "EMBEDDING_BASE_URL needs EMBEDDING_MODEL and EMBEDDING_DIMENSIONS beside it:"
                " set the server's model name and the length of that model's vectors."
            )
        return OpenAIEmbedder(base_url, api_key, model, dimensions)
    if api_key:
        raise SettingsError(
            "EMBEDDING_API_KEY is set and EMBEDDING_BASE_URL is not: set the server's address,"
            " or unset the key to use the local model."
        )
    local = OnnxEmbedder(folder or SHIPPED_MODEL, threads=threads)
    for name, wanted, found in (
        ("EMBEDDING_MODEL", model, local.model),
        ("EMBEDDING_DIMENSIONS", dimensions, local.dimensions),
    ):
        if wanted and wanted != found:
            raise SettingsError(
                f"{name} is {wanted} and the local model's is {found}: unset {name}, or set"
                " EMBEDDING_MODEL_PATH to the other model's folder or EMBEDDING_BASE_URL to its"
                " server."
            )
    return local
