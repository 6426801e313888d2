"""Make profile pictures anew from what was sent; the file may be hostile.

What a file is, is seen from its content, never from its name. It is opened apart, see `apart`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.adapters import apart
from app.errors import InvalidInputError

_MAKER: Final = Path(__file__).with_name("pictures_maker.py")
LARGEST: Final = 5 * 1024 * 1024  # bytes of a file
MEMORY: Final = 768 * 1024 * 1024  # bytes of address space
PROCESSOR: Final = 10  # seconds
PATIENCE: Final = 20.0  # seconds of the clock
_JPEG: Final = b"\xff\xd8\xff"
_STARTS: Final = (_JPEG, b"\x89PNG\r\n\x1a\n", b"RIFF")
_LARGEST_MADE: Final = 1024 * 1024


class PictureError(InvalidInputError):
    """A file cannot be taken as a picture."""

    code = "picture_unreadable"


def made_anew(content: bytes) -> bytes:
    """Give the picture as a small JPEG of our own; raise PictureError saying why there is none."""
    if len(content) > LARGEST:
        raise PictureError(
            "This file is larger than {most} MB; send a smaller one.", most=LARGEST // 2**20
        )
    if not content.startswith(_STARTS):
        raise PictureError("This is no JPEG, PNG or WebP picture; send one of these.")
    try:
        made = apart.run(
            _MAKER, content=content, memory=MEMORY, processor=PROCESSOR, patience=PATIENCE
        )
    except TimeoutError:
        raise PictureError("This picture takes too long to read; send a simpler one.") from None
    if made is None or not made.startswith(_JPEG) or len(made) > _LARGEST_MADE:
        raise PictureError(
            "This picture is damaged or far too large; save it anew, smaller, and send it again."
        )
    return made
