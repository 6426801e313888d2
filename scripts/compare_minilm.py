"""Measure the shipped embedding model against the original; called by export_minilm.py --compare.

The original is run by transformers in fp32, the shipped one by the product's own embedder. Only
figures are printed, never a text.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel  # type: ignore[import-not-found]  # export environment only

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.adapters.embedding_onnx import OnnxEmbedder  # noqa: E402  # found by the line above

Vectors = NDArray[np.float32]
MAX_TOKENS = 256


class Listings:
    """Hold what members typed: requests, offers, and the categories of each."""

    def __init__(self, path: Path) -> None:
        """Read listings.csv, leaving out rows with no description."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["description"].strip()]
        self.texts = list(dict.fromkeys(row["description"] for row in rows))
        place = {text: number for number, text in enumerate(self.texts)}
        self.requests = [place[row["description"]] for row in rows if row["type"] == "request"]
        self.offers = sorted({place[row["description"]] for row in rows if row["type"] == "offer"})
        self.categories: dict[tuple[str, int], set[str]] = {}
        for row in rows:
            ticked = set(row["categories"].replace("|", " ").replace(",", " ").split())
            self.categories.setdefault((row["type"], place[row["description"]]), set()).update(
                ticked
            )

    def nearest(self, vectors: Vectors) -> NDArray[np.intp]:
        """Return, for each request, the place of its nearest offer among the texts."""
        nearest: NDArray[np.intp] = np.asarray(self.offers)[
            (vectors[self.requests] @ vectors[self.offers].T).argmax(axis=1)
        ]
        return nearest

    def share_answered(self, nearest: NDArray[np.intp]) -> float:
        """Return the share of requests whose nearest offer has a category in common with them."""
        common = [
            bool(self.categories["request", request] & self.categories["offer", offer])
            for request, offer in zip(self.requests, nearest.tolist(), strict=True)
        ]
        return float(np.mean(common))


def original(source: Path) -> Callable[[Sequence[str]], Vectors]:
    """Return the original model as a function: fp32, mean over tokens, unit length."""
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    model: Any = BertModel.from_pretrained(source).eval()

    def embed(texts: Sequence[str]) -> Vectors:
        rows = []
        for text in texts:  # one by one: no batch can have touched these vectors
            ids = torch.tensor([tokenizer.encode(text).ids])
            with torch.no_grad():
                rows.append(model(input_ids=ids).last_hidden_state[0].mean(dim=0).numpy())
        stacked = np.vstack(rows)
        vectors: Vectors = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
        return vectors

    return embed


def compare(source: Path, folder: Path) -> None:
    """Print how far the model in folder is from the original in source, how fast, how large."""
    data = Path(os.environ.get("RECIPROCITY_DATA", "../shared/data")) / "timebanks/listings.csv"
    if not data.is_file():
        sys.exit(f"{data} is not there: nothing is measured. Let RECIPROCITY_DATA name the data.")
    listings = Listings(data)
    reference = original(source)
    started = time.perf_counter()
    wanted = reference(listings.texts)
    slow = time.perf_counter() - started
    embedder = OnnxEmbedder(folder)
    embedder.embed(["what loads the model"])
    found = embedder.embed(listings.texts)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        embedder.embed(listings.texts)
        times.append(time.perf_counter() - started)
    alone = np.vstack([embedder.embed([text]) for text in listings.texts])
    _report(listings, wanted, found, alone)
    each = 1000 / len(listings.texts)
    print(f"ms a text, shipped, best of 3         {min(times) * each:.2f}")
    print(f"ms a text, original, one by one       {slow * each:.2f}")
    for path in sorted(folder.iterdir()):
        print(f"bytes {path.name:31} {path.stat().st_size:,}")


def _report(listings: Listings, wanted: Vectors, found: Vectors, alone: Vectors) -> None:
    cosines = (wanted * found).sum(axis=1)
    first, second = listings.nearest(wanted), listings.nearest(found)
    print(f"texts                                 {len(listings.texts):,}")
    print(f"requests, offers                      {len(first):,}, {len(listings.offers):,}")
    print(f"cosine to the original, least         {cosines.min():.5f}")
    print(f"cosine to the original, mean          {cosines.mean():.5f}")
    print(f"same nearest offer for a request      {np.mean(first == second):.3f}")
    print(f"nearest offer fits, original          {listings.share_answered(first):.3f}")
    print(f"nearest offer fits, shipped           {listings.share_answered(second):.3f}")
    print(f"alone or in a batch, greatest change  {np.abs(found - alone).max():.1e}")
