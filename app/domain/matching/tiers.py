"""How a score is told to a member: a word, never a threshold that hides people."""

from __future__ import annotations

from typing import Final

# Ordered from the best; a tier holds scores from its bound up. The names fit in 20 characters.
TIERS: Final = ((0.5, "strong"), (0.3, "promising"), (0.0, "possible"))


def tier(score: float) -> str:
    """Name the tier of a pair's score (0 to 1)."""
    return next(name for bound, name in TIERS if score >= bound or bound == 0.0)
