"""First sentences for a conversation, drawn from the reason of the match and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LONGEST_QUOTE: Final = 140  # characters of anybody's words in a line


def opening_lines(
    *,
    my_need: str,
    their_offer: str,
    their_need: str,
    my_offer: str,
    translated: Callable[[str], str] = str,
) -> list[str]:
    """Write up to three first sentences in which both people's own words stand in quotes."""
    told = {
        "my_need": _quoted(my_need),
        "their_offer": _quoted(their_offer),
        "their_need": _quoted(their_need),
        "my_offer": _quoted(my_offer),
    }
    lines = (
        "Hello! You wrote “{their_offer}”, which is close to what I am looking for: “{my_need}”.",
        "Hello! You are looking for “{their_need}”. I offer “{my_offer}”. Would that help you?",
        "Hello! It seems we can help each other: you with “{their_offer}”, I with “{my_offer}”.",
    )
    return [translated(line).format_map(told) for line in lines]


def _quoted(words: str) -> str:
    flat = " ".join(words.split()).rstrip(".")
    if len(flat) <= LONGEST_QUOTE:
        return flat
    return flat[:LONGEST_QUOTE].rsplit(" ", 1)[0] + "…"
