"""What the lists may hold: no statement twice, and no more of them than matching can carry."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

MOST_STATEMENTS: Final = 40  # of each kind in one summary; every need meets every offer
LONGEST_MESSAGE: Final = 200_000  # characters of one message or document
LONGEST_STATEMENT: Final = 4_000  # characters of what a member writes into a list


def same(text: str) -> str:
    """Give what two statements have in common that say the same in the same words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split()) or folded.strip()


def distinct(texts: Sequence[str]) -> list[str]:
    """Keep the first of those statements that say the same in the same words."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(same(text), text)
    return list(first.values())


def gathered(texts: Sequence[str], most: int = MOST_STATEMENTS) -> list[str]:
    """Bring many statements into few by joining neighbours: nothing is left out."""
    return [joined(group) for group in grouped(texts, most)]


def grouped(texts: Sequence[str], most: int = MOST_STATEMENTS) -> list[list[str]]:
    """Put neighbours together until there are few enough groups; most often each stands alone."""
    size = max(1, math.ceil(len(texts) / most))
    return [list(texts[begin : begin + size]) for begin in range(0, len(texts), size)]


def joined(texts: Sequence[str]) -> str:
    """Write several statements as one."""
    return "; ".join(texts)
