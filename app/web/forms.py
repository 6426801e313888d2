"""Read what a page's form sent: urlencoded text, or files on the pages that take them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from app.errors import InvalidInputError, ReciprocityError

LARGEST: Final = 512 * 1024  # bytes
MOST_FIELDS: Final = 300
AROUND_FILE: Final = 64 * 1024  # bytes that a form holds beside its file
_UNREADABLE: Final = "The form could not be read; nothing was changed."


class TooLargeError(ReciprocityError):
    """More was sent than any form of the site holds."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Form:
    """Hold the fields of a form, and its files; what was not sent reads as empty."""

    def __init__(
        self, fields: list[tuple[str, str]], files: dict[str, bytes] | None = None
    ) -> None:
        self._fields = fields
        self._files = files or {}

    def __getitem__(self, name: str) -> str:
        """Give the first value of a field, or an empty text."""
        return next((value for key, value in self._fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """Give all values of a field."""
        return [value for key, value in self._fields if key == name]

    def file(self, name: str) -> bytes:
        """Give the content of a file; its name and kind are what the sender says, and not kept."""
        return self._files.get(name, b"")


async def read(request: Request, largest: int = LARGEST) -> Form:
    """Read a form; raise TooLargeError or InvalidInputError for anything that is none of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await whole(request, largest)
    if not body:
        return Form([])
    if kind == "multipart/form-data":
        return await _with_files(request, body)
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInputError("Only the forms of this site are read here.")
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise InvalidInputError(_UNREADABLE) from None
    # Browsers send line ends as two signs, whatever was typed.
    return Form([(name, value.replace("\r\n", "\n")) for name, value in fields])


async def whole(request: Request, largest: int) -> bytes:
    """Read the body of a request; raise TooLargeError as soon as it is more than `largest` bytes."""
    pieces, length = [], 0
    async for piece in request.stream():
        length += len(piece)
        if length > largest:
            size = f"{largest // 1024} kB" if largest < 2**20 else f"{largest // 2**20} MB"
            raise TooLargeError("That is too much at once: at most {size} fit.", size=size)
        pieces.append(piece)
    return b"".join(pieces)


async def _with_files(request: Request, body: bytes) -> Form:
    async def again() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = MultiPartParser(
            request.headers, again(), max_files=2, max_fields=MOST_FIELDS, max_part_size=LARGEST
        )
        sent = await parser.parse()
    except (MultiPartException, KeyError, ValueError, AssertionError):
        raise InvalidInputError(_UNREADABLE) from None
    fields, files = [], {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            fields.append((name, value.replace("\r\n", "\n")))
    await sent.close()
    return Form(fields, files)
