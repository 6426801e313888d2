"""Let in whoever has the backend's key, and answer in its envelope."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Any

from fastapi import Header

from app.errors import ReciprocityError


class KeyRefusedError(ReciprocityError):
    """The key is missing, wrong, or not set up."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED


def key(expected: str | None) -> Any:
    """Make what checks the header X-API-KEY."""

    def check(x_api_key: str = Header(default="")) -> None:
        if expected is None:
            raise KeyRefusedError(
                "This service has no API_KEY, so nobody may call it; set API_KEY."
            )
        if not hmac.compare_digest(x_api_key.encode(), expected.encode()):
            raise KeyRefusedError("The header X-API-KEY is missing or wrong.")

    return check


def enveloped(message: str, **fields: Any) -> dict[str, Any]:
    """Wrap an answer as the calls under /user, /match and of questions want it."""
    return {"Code": 200, "Message": message, "Result": True, **fields}
