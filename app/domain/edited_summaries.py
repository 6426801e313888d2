"""Read a summary back that somebody may have edited: the lists under its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# The headings that `summary_text` writes, and what another backend's editors call the same lists.
_HEADINGS: Final = {
    "what i need": "needs",
    "needs": "needs",
    "requirements": "needs",
    "what i offer": "offers",
    "offers": "offers",
    "offerings": "offers",
    "about me": "facts",
    "about": "facts",
}
_HEADING: Final = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_BULLET: Final = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Hold the lists of a summary; `headed` says whether any heading of ours was found."""

    needs: tuple[str, ...]
    offers: tuple[str, ...]
    facts: tuple[str, ...]
    headed: bool


def read_back(text: str) -> ReadBack:
    """Read the lists of a summary; what stands under other headings belongs to none of them."""
    lists: dict[str, list[str]] = {"needs": [], "offers": [], "facts": []}
    current, headed, open_ = "", False, False
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            current = _HEADINGS.get(heading[1].strip(" :*_").casefold(), "")
            headed, open_ = headed or bool(current), False
        elif not line.strip():
            open_ = False
        elif current:
            bullet = _BULLET.match(line)
            said = (line[bullet.end() :] if bullet else line).strip()
            if open_ and not bullet:
                lists[current][-1] += f" {said}"
            elif said:
                lists[current].append(said)
            open_ = True
    found = {name: tuple(dict.fromkeys(texts)) for name, texts in lists.items()}
    return ReadBack(found["needs"], found["offers"], found["facts"], headed)
