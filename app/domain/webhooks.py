"""How webhooks are signed and tried again, and what an answer to one means."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
from datetime import timedelta
from typing import Final, Literal

from app.errors import InvalidInputError

PREFIX: Final = "whsec_"
_FEWEST, _MOST = 24, 64  # bytes of a secret, as the convention has it
_FIRST, _LONGEST = 2.0, 1800.0  # seconds
_REFUSED: Final = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 501})
TOO_MANY: Final = 429

Meaning = Literal["sent", "again", "wait", "refused"]


def meaning(status: int | None) -> Meaning:
    """Say what an answer means; None is no answer. What was refused would be refused again."""
    if status is None:
        return "again"
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own bounds
        return "sent"
    if status == TOO_MANY:
        return "wait"
    return "refused" if status in _REFUSED else "again"


def retry_in(attempts: int) -> timedelta:
    """Give the wait after the n-th failed attempt: doubled each time, half of it by chance."""
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(attempts - 1, 20))
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter is no secret


def secret_of(random_bytes: bytes) -> str:
    """Write a secret as operators copy it."""
    return PREFIX + base64.b64encode(random_bytes).decode()


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Sign a webhook by the Standard Webhooks convention: v1, HMAC-SHA256, base64.

    Raises InvalidInputError for a secret of another form.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _FEWEST <= len(key) <= _MOST:
        raise InvalidInputError(
            f"A secret is {PREFIX} and the base64 of {_FEWEST} to {_MOST} random bytes; this one is not."
        )
    signed = b".".join([webhook_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
