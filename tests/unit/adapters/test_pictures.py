"""Pictures: what is made of them, what is lost on purpose, and files that mean harm."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from app.adapters.pictures import LARGEST, PictureError, made_anew


def _picture(kind: str, size: tuple[int, int] = (900, 600), **more: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **more)
    return written.getvalue()


def _seen(made: bytes) -> Image.Image:
    return Image.open(io.BytesIO(made))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_jpeg_of_our_own(kind: str) -> None:
    seen = _seen(made_anew(_picture(kind)))
    assert (seen.format, seen.size) == ("JPEG", (512, 341))


def test_place_and_camera_and_anything_behind_the_picture_are_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "a camera's name"
    exif.get_ifd(0x8825)[1] = "N"
    sent = _picture("JPEG", exif=exif) + b"<script>hidden</script>"
    made = made_anew(sent)
    assert _seen(made).size == (341, 512)
    assert not _seen(made).getexif()
    assert b"camera" not in made
    assert b"hidden" not in made


def test_what_is_see_through_becomes_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(written, "PNG")
    assert _seen(made_anew(written.getvalue())).getpixel((20, 20)) == (255, 255, 255)


def _bomb(side: int) -> bytes:
    """Write a PNG that says it is huge and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checked = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checked)

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no JPEG, PNG or WebP"),
        (b"<svg onload='alert(1)'>", "no JPEG, PNG or WebP"),
        (b"GIF89a" + b"\0" * 40, "no JPEG, PNG or WebP"),
        (b"%PDF-1.7", "no JPEG, PNG or WebP"),
        (b"\xff\xd8\xff" + b"<?php evil ?>", "damaged or far too large"),
        (b"RIFF\0\0\0\0WAVEfmt ", "damaged or far too large"),
        (_picture("PNG")[:-200], "damaged or far too large"),
        (_bomb(30_000), "damaged or far too large"),
        (b"\xff\xd8\xff" + b"\0" * LARGEST, "larger than 5 MB"),
    ],
    ids=["nothing", "svg", "gif", "pdf", "no jpeg", "sound", "cut off", "bomb", "large"],
)
def test_what_is_no_picture_is_refused_in_words(content: bytes, told: str) -> None:
    with pytest.raises(PictureError, match=told):
        made_anew(content)
