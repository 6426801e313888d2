"""The kinds of work that a committed change can cause."""

from __future__ import annotations

from typing import Final

from app.repositories.backend import pairs_beside

ERASE: Final = "erase"
EMBED: Final = "embed"
MATCH_SYNC: Final = "match_sync"
# Beside a NestJS backend: what its calls ask for and what it is told.
TAKE_OVER: Final = "take_over"
REGISTER: Final = "register"
RESUME: Final = "read_resume"
TELL_MATCHES: Final = pairs_beside.TELL_MATCHES
AI_CHAT: Final = "ai_chat"

# In the order in which a worker looks: nothing comes before an erasure, vectors come before
# matches, so that one sync serves many newcomers, and everything comes before a place that may hang.
TOPICS: Final = (
    ERASE, REGISTER, TAKE_OVER, EMBED, MATCH_SYNC, TELL_MATCHES, AI_CHAT, RESUME
)  # fmt: skip
