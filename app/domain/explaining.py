"""Explain a match in words that rest on its score and its reasons, and on nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from app.domain.matching.tiers import tier
from app.domain.opening_lines import opening_lines

LONGEST_QUOTE: Final = 240  # characters of anybody's words in an explanation
LOOSE: Final = 0.35  # a gain below this is told as a loose fit
_FITS: Final = ((0.6, "a close fit"), (LOOSE, "a partial fit"), (0.0, "a loose fit"))


@dataclass(frozen=True, slots=True)
class Half:
    """Hold what one side gains: the need, the offer that answers it, how probably (0 to 1)."""

    need: str
    offer: str
    gain: float

    @property
    def fit(self) -> str:
        """Name how well the offer answers the need."""
        return next(words for bound, words in _FITS if self.gain >= bound or bound == 0.0)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Hold what one member is told of a match; numbers are integers of 0 to 100."""

    headline: str
    summary: str
    synergy_areas: list[str]
    friction_points: list[str]
    talking_points: list[str]
    tier: str
    score: int
    breakdown: dict[str, int] = field(default_factory=dict)


def explained(name: str, mine: Half, theirs: Half, score: float) -> Explanation:
    """Explain a match to one side; `name` is the other's, `mine` what this side gains."""
    their_offer, my_need = quoted(mine.offer), quoted(mine.need)
    my_offer, their_need = quoted(theirs.offer), quoted(theirs.need)
    return Explanation(
        headline=f"{name or 'They'} and you could each help the other",
        summary=(
            f"You need {my_need}, and {name or 'they'} offered {their_offer}: {mine.fit}."
            f" {name or 'They'} needs {their_need}, and you offered {my_offer}: {theirs.fit}."
        ),
        synergy_areas=[
            f"{their_offer} for your need {my_need}",
            f"Your offer {my_offer} for their need {their_need}",
        ],
        friction_points=_frictions(mine, theirs),
        talking_points=opening_lines(
            my_need=mine.need,
            their_offer=mine.offer,
            their_need=theirs.need,
            my_offer=theirs.offer,
        ),
        tier=tier(score),
        score=percent(score),
        breakdown={
            "score": percent(score),
            "what_you_gain": percent(mine.gain),
            "what_they_gain": percent(theirs.gain),
        },
    )


def _frictions(mine: Half, theirs: Half) -> list[str]:
    told = []
    if mine.gain < LOOSE:
        told.append(
            f"What they offer is only a loose fit for your need {quoted(mine.need)}; ask them about it."
        )
    if theirs.gain < LOOSE:
        told.append(
            f"What you offer is only a loose fit for their need {quoted(theirs.need)}; say what you can"
            " do."
        )
    return told


def percent(value: float) -> int:
    """Turn a share of 0 to 1 into an integer of 0 to 100."""
    return max(0, min(100, round(value * 100)))


def quoted(words: str) -> str:
    """Put somebody's words into quotes, on one line and not too long."""
    flat = " ".join(words.split()).rstrip(".")
    if len(flat) > LONGEST_QUOTE:
        flat = flat[:LONGEST_QUOTE].rsplit(" ", 1)[0] + "…"
    return f"“{flat}”"
