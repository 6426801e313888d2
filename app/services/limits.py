"""Limit how often something may be tried, and tell how long to wait."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from app.errors import ReciprocityError
from app.repositories.backend import rate_limits
from app.services.steps import Databases

_CLEANED_ONCE_IN: Final = 200  # attempts


TELL: Final = (
    "That was tried too often. Try again in {seconds} s.",
    "That was tried too often. Try again in {minutes} minutes.",
)
_MINUTES_FROM: Final = 90  # up to there seconds say more


class TooOftenError(ReciprocityError):
    """Something was tried too often; `wait` says how many seconds to wait."""

    code = "too_often"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, wait: timedelta) -> None:
        self.wait = math.ceil(wait.total_seconds())
        sentence = TELL[0 if self.wait < _MINUTES_FROM else 1]
        super().__init__(sentence, seconds=self.wait, minutes=math.ceil(self.wait / 60))

    @property
    def headers(self) -> dict[str, str]:
        """Give the header that tells programs the wait."""
        return {"Retry-After": str(self.wait)}


@dataclass(frozen=True, slots=True)
class Rule:
    """Allow `burst` attempts at once, and then one in every `every`."""

    name: str
    every: timedelta
    burst: int


SIGN_IN_PLACE: Final = Rule("sign-in from one place", timedelta(seconds=20), 30)
SIGN_IN_ADDRESS: Final = Rule("sign-in to one account", timedelta(minutes=1), 10)
SIGN_UP_PLACE: Final = Rule("sign-up from one place", timedelta(minutes=2), 20)
LETTERS_ADDRESS: Final = Rule("letters to one address", timedelta(minutes=10), 4)
PASSWORD: Final = Rule("passwords of somebody signed in", timedelta(minutes=1), 10)
LINK_PLACE: Final = Rule("links from one place", timedelta(seconds=10), 30)
REPORTS: Final = Rule("reports of one member", timedelta(minutes=10), 10)
EXPORTS: Final = Rule("exports of one member", timedelta(minutes=10), 5)
UPLOADS: Final = Rule("files of one member", timedelta(seconds=20), 20)
MESSAGES: Final = Rule("messages of one member", timedelta(seconds=2), 60)
RETRIES: Final = Rule("retries of one member", timedelta(seconds=10), 5)
CHANGES: Final = Rule("changes by one member", timedelta(seconds=1), 120)


def take(databases: Databases, rule: Rule, whose: str) -> None:
    """Take one attempt, in a transaction of its own that stays; raise TooOftenError."""
    key = hashlib.sha256(f"{rule.name}\0{whose.casefold()}".encode()).digest()
    with databases.backend() as backend:
        wait = rate_limits.take(backend, key, every=rule.every, burst=rule.burst)
        if random.randrange(_CLEANED_ONCE_IN) == 0:  # noqa: S311 - when to clean up is no secret
            rate_limits.forget_old(backend)
    if wait is not None:
        raise TooOftenError(wait)
