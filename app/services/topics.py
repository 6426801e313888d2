"""The kinds of work that a committed change can cause."""

from __future__ import annotations

from typing import Final

ERASE: Final = "erase"
EMBED: Final = "embed"
MATCH_SYNC: Final = "match_sync"

# In the order in which a worker looks: nothing comes before an erasure, and vectors come before
# matches, so that one sync serves many newcomers.
TOPICS: Final = (ERASE, EMBED, MATCH_SYNC)
