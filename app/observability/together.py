"""Name where the processes that answer behind one port count together."""

from __future__ import annotations

from typing import Final

# prometheus_client looks for it when it is imported: a folder into which each process counts.
VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
