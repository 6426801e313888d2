"""The kinds of work that a committed change can cause."""

from __future__ import annotations

from typing import Final

EMBED: Final = "embed"
MATCH_SYNC: Final = "match_sync"

# In the order in which a worker looks: vectors first, so that one sync serves many newcomers.
TOPICS: Final = (EMBED, MATCH_SYNC)
