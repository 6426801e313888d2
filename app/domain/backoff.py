"""When to try again what failed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

MOST_ATTEMPTS: Final = 10
FIRST: Final = 2.0  # seconds
LONGEST: Final = 3600.0  # seconds


def retry_in(attempts: int) -> timedelta | None:
    """Give the wait after the n-th failed attempt, doubling with jitter; None to give up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    ceiling = min(LONGEST, FIRST * 2.0 ** (attempts - 1))
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter is no secret
