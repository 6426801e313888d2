"""Where the public data lie that others made; without them nothing is measured."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from pathlib import Path
from typing import Final

_DEFAULT: Final = Path("../shared/data")


class DataAbsentError(Exception):
    """Say that a data set is not on this machine; the measurement is skipped, not invented."""


def path(name: str) -> Path:
    """Find a file under RECIPROCITY_DATA (default ../shared/data)."""
    found = Path(os.environ.get("RECIPROCITY_DATA", str(_DEFAULT))) / name
    if not found.is_file():
        raise DataAbsentError(f"{found} is absent: set RECIPROCITY_DATA to the folder that has it")
    return found


def rows(name: str) -> list[dict[str, str]]:
    """Read a CSV file, compressed or not, as one dictionary for each row."""
    found = path(name)
    if found.suffix == ".gz":
        with gzip.open(found, "rt", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    with found.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fold(name: str, folds: int) -> int:
    """Assign a name to a fold, the same on every machine."""
    return zlib.crc32(name.encode()) % folds
