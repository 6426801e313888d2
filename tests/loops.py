"""Run coroutines from a test, also where a browser's own loop runs in the test's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Found = TypeVar("Found")


def in_a_loop(scene: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
    """Run a scene in a loop and a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(scene())).result()
