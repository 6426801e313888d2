"""Make a picture anew from standard input: the process that a hostile file may do its worst to.

Started by app/adapters/pictures.py, confined; it imports nothing of this project. What comes out is a JPEG of
our own making: of the file that was sent nothing is kept but its look, so no place, no camera's
number and no second file hidden in it.
"""

from __future__ import annotations

import io
import sys
import warnings
from typing import Final

SIDE: Final = 512  # pixels of the longer side that are kept
_LARGEST: Final = 50_000_000  # pixels
_QUALITY: Final = 85
FORMATS: Final = ("JPEG", "PNG", "WEBP")


def made(content: bytes) -> bytes:
    """Give the picture as a JPEG of at most SIDE by SIDE pixels, upright, without anything else."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - loaded inside the limits

    warnings.simplefilter("error")  # a picture that is suspiciously large is refused
    Image.MAX_IMAGE_PIXELS = _LARGEST
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        opened.draft("RGB", (SIDE * 2, SIDE * 2))
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((SIDE, SIDE))
        seen = upright.convert("RGBA")
    flat = Image.new("RGB", seen.size, "white")
    flat.paste(seen, mask=seen.getchannel("A"))
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def main() -> None:
    """Answer with the picture; whatever goes wrong ends the process with an error."""
    sys.stdout.buffer.write(made(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
