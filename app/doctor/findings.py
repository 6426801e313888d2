"""What an examination finds: a line, why it is so, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from app.errors import ReciprocityError

Status = Literal["good", "warning", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one line of the report; only `wrong` makes the whole wrong."""

    topic: str
    name: str
    status: Status
    says: str
    fix: str = ""

    def plain(self) -> dict[str, str]:
        """Give the finding as JSON takes it."""
        return {
            "topic": self.topic,
            "name": self.name,
            "status": self.status,
            "says": self.says,
            "fix": self.fix,
        }


def good(topic: str, name: str, says: str) -> Finding:
    """Say that something is as it must be."""
    return Finding(topic, name, "good", says)


def wrong(topic: str, name: str, says: str, fix: str = "") -> Finding:
    """Say what is wrong, and what to do."""
    return Finding(topic, name, "wrong", says, fix)


def warning(topic: str, name: str, says: str, fix: str = "") -> Finding:
    """Say what will do for now and should be better."""
    return Finding(topic, name, "warning", says, fix)


def skipped(topic: str, name: str, says: str) -> Finding:
    """Say what could not be looked at, and why."""
    return Finding(topic, name, "skipped", says)


def looked_at(topic: str, name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Look; whatever our own code refuses becomes a finding, so that the rest is still looked at."""
    try:
        yield from look()
    except ReciprocityError as error:
        yield wrong(topic, name, str(error))
