"""Read what a page's form sent: small, urlencoded, any text."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.errors import InvalidInputError, ReciprocityError

LARGEST: Final = 512 * 1024  # bytes
MOST_FIELDS: Final = 300


class TooLargeError(ReciprocityError):
    """More was sent than any form of the site holds."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Form:
    """Hold the fields of a form; what was not sent reads as empty."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        """Give the first value of a field, or an empty text."""
        return next((value for key, value in self._fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """Give all values of a field."""
        return [value for key, value in self._fields if key == name]


async def read(request: Request) -> Form:
    """Read a form; raise TooLargeError or InvalidInputError for anything that is none of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise TooLargeError(f"That is too much at once: at most {LARGEST // 1024} kB fit.")
    if not body:
        return Form([])
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInputError("Only the forms of this site are read here.")
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise InvalidInputError("The form could not be read; nothing was changed.") from None
    # Browsers send line ends as two signs, whatever was typed.
    return Form([(name, value.replace("\r\n", "\n")) for name, value in fields])
