"""Tell a statement that can be matched on from one that says too little."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final

from app.domain.understanding.head import Head, States, loaded
from app.domain.understanding.kinds import Asked

LABELS: Final = ("plain", "vague")
_SURE: Final = 0.7  # asking somebody for more who said enough costs more than not asking


@lru_cache(maxsize=1)
def vagueness_head() -> Head:
    """Load the shipped network that tells vague statements from plain ones."""
    return loaded(files(__package__).joinpath("vagueness.json").read_text(encoding="utf-8"))


def vague(texts: Sequence[str], model: States, head: Head | None = None) -> list[bool]:
    """Say of each statement whether it is too vague to match on."""
    shares = (head or vagueness_head()).judge(model, texts, [Asked.NOTHING] * len(texts))
    return [bool(row[1] > _SURE) for row in shares]
