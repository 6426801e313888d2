"""Tell how far a long measurement is and how much time is left."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Teller:
    """Show a bar with the time left on a terminal; elsewhere one line when something begins."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._name = ""
        self._begun = 0.0

    def __call__(self, name: str, share: float) -> None:
        """Tell that this share, 0 to 1, of what has this name is done."""
        if name != self._name:
            self._name, self._begun = name, time.monotonic()
            if not self._out.isatty():
                self._out.write(f"  {name} …\n")
                self._out.flush()
        if self._out.isatty():
            self._draw(share)

    def _draw(self, share: float) -> None:
        took = time.monotonic() - self._begun
        full = round(24 * share)
        left = f"{took * (1.0 / share - 1.0):4.0f} s left" if 0.0 < share < 1.0 else ""
        self._out.write(
            f"\r\033[K  {self._name:36} [{'#' * full}{'.' * (24 - full)}] {took:4.0f} s {left}"
        )
        if share >= 1.0:
            self._out.write("\n")
        self._out.flush()
