"""Remember the vectors of the texts that were last embedded.

A member who mends one statement of five has four that were embedded before, and members of one
community say the same thing more often than one would think.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.adapters.embedding_protocol import Embedder
from app.databases import transactions

REMEMBERED: Final = 10_000  # texts; with 384 dimensions about 16 MB


class RememberingEmbedder:
    """Stand before another embedder and ask it only for texts it was not asked for lately.

    A text's vector depends on the text and the model alone, so a remembered one is the same.
    """

    def __init__(self, behind: Embedder, remembered: int = REMEMBERED) -> None:
        self._behind = behind
        self._most = remembered
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        """Name the model behind."""
        return self._behind.model

    @property
    def dimensions(self) -> int:
        """Give the length of every vector."""
        return self._behind.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text, as the embedder behind would; raise what it raises.

        Raises CrossDatabaseTransactionError inside a transaction, even where all texts are known:
        whether a model is asked must not decide whether a mistake is seen.
        """
        transactions.nothing_open("asking the embedding model")
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        asked = [text for text in dict.fromkeys(texts) if text not in found]
        if asked:
            found.update(zip(asked, self._behind.embed(asked), strict=True))
        with self._lock:
            for text in dict.fromkeys(texts):
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([found[text] for text in texts])
