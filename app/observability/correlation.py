"""Name the request or the task that work belongs to, by a random id that says nothing of a member."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

_ACCEPTED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,63}\Z")
_ids: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar(
    "correlation_ids", default=None
)


def new() -> str:
    """Make a correlation id."""
    return uuid4().hex


def accepted(given: str | None) -> str:
    """Take a caller's id when it is a plain one, and make one otherwise."""
    return given if given and _ACCEPTED.match(given) and "@" not in given else new()


def current() -> dict[str, str]:
    """Give the ids that hold here, by kind: request, task."""
    return dict(_ids.get() or {})


@contextmanager
def holding(kind: str, value: str) -> Iterator[str]:
    """Have an id of this kind hold inside."""
    token = _ids.set({**(_ids.get() or {}), kind: value})
    try:
        yield value
    finally:
        _ids.reset(token)
