"""Look at the outbox once, with little memory, and with a model that one word makes endlessly hungry."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence

from app.adapters.postgresql import PostgreSQLAdapter
from app.settings import DatabaseSettings
from app.workers.relay import Relay
from tests.people import Floats, WordEmbedder

LITTLE = 1_500_000_000  # bytes of address space


class Hungry(WordEmbedder):
    """Take memory until there is none, as a model's library does, which then ends the process."""

    def embed(self, texts: Sequence[str]) -> Floats:
        if any("feast" in text for text in texts):
            taken = []
            try:
                while True:
                    taken.append(bytearray(64_000_000))
            except MemoryError:
                if "dies" in sys.argv:
                    os.abort()  # nobody can catch it
                raise
        return super().embed(texts)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (LITTLE, LITTLE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Relay(PostgreSQLAdapter(DatabaseSettings.model_validate(dict(os.environ))), Hungry()).look()
