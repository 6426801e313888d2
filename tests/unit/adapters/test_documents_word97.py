"""Word 97 to 2003: what is read out of a genuine file, and what becomes of those that mean harm.

files/resume.doc was written by LibreOffice 7.4, with a footnote, a text box, a table and a link.
"""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from app.adapters import documents_word97
from app.adapters.documents import DocumentError, text_of

GENUINE = (Path(__file__).parent / "files/resume.doc").read_bytes()
FIB = GENUINE.index(b"\xec\xa5")
READ = """Ann Weber
I offer piano lessons for beginners — in München, Łódź and Москва 🎹 too.
I need help with the tax return of my small company.
Soon.
Languages
German, English
See my page of music.
Twelve years of teaching"""


def patched(at: int, content: bytes, file: bytes = GENUINE) -> bytes:
    return file[:at] + content + file[at + len(content) :]


def test_a_genuine_file_is_read_with_its_text_boxes_and_without_what_is_not_its_text() -> None:
    assert text_of(GENUINE) == READ


def test_compressed_pieces_are_of_windows_1252() -> None:
    """Write the one piece anew, one byte a character, and say so in the table of pieces."""
    pcd = GENUINE.index(b"\x02" + struct.pack("<I", 16)) + 5
    count, (where,) = struct.unpack_from("<II", GENUINE, pcd)[1], struct.unpack_from(
        "<I", GENUINE, pcd + 10
    )  # fmt: skip
    text = GENUINE[FIB + where : FIB + where + 2 * count].decode("utf-16-le")
    narrow = text.replace("🎹", "::").encode("cp1252", "replace")
    assert len(narrow) == count
    made = patched(FIB + where, narrow)
    made = patched(pcd + 10, struct.pack("<I", 0x4000_0000 | where * 2), made)
    assert text_of(made) == READ.replace("🎹", "::").replace("Łódź", "?ód?").replace(
        "Москва", "??????"
    )


@pytest.mark.parametrize(
    ("at", "content", "why"),
    [
        (10, struct.pack("<H", 0x13F0), "password"),
        (0, struct.pack("<H", 0xA5DC), "Word 95"),
        (2, struct.pack("<H", 104), "Word 95"),
        (0, b"\x00\x00", "damaged"),
        (32, b"\xff\xff", "damaged"),
        (62 + 2 + 12, struct.pack("<i", -5), "damaged"),
        (62 + 2 + 12, struct.pack("<i", 2**31 - 1), "far more"),
        (62, b"\x01\x00", "damaged"),
        (0x1A2, b"\xff\xff\xff\xff", "damaged"),
        (0x1A6, b"\x00\x00\x00\x00", "damaged"),
    ],
)
def test_a_file_that_is_closed_older_or_wrong_is_refused_with_the_reason(
    at: int, content: bytes, why: str
) -> None:
    with pytest.raises(DocumentError, match=why):
        text_of(patched(FIB + at, content))


def test_what_is_no_word_document_or_one_with_a_password_is_told_from_one() -> None:
    name = "WordDocument".encode("utf-16-le")
    for other, why in (("Workbook", "no Word document"), ("EncryptedPackage", "password")):
        at = GENUINE.index(name)
        renamed = patched(at, other.encode("utf-16-le").ljust(len(name), b"\0"))
        renamed = patched(at + 64, struct.pack("<H", 2 * len(other) + 2), renamed)
        with pytest.raises(DocumentError, match=why):
            text_of(renamed)
    with pytest.raises(DocumentError, match="damaged"):
        text_of(GENUINE[:700])
    with pytest.raises(DocumentError, match="damaged"):
        text_of(GENUINE[:8] + bytes(4000))


def test_pieces_that_point_at_the_same_bytes_a_million_times_are_too_much() -> None:
    pieces = 60_000
    places = struct.pack(f"<{pieces + 1}I", *range(0, 100 * (pieces + 1), 100))
    table = places + struct.pack("<HIH", 0, 0x4000_0000, 0) * pieces
    with pytest.raises(documents_word97.Problem, match="too much"):
        list(documents_word97._pieces(bytes(1000), table))


def test_sectors_that_follow_one_another_in_a_ring_come_to_an_end() -> None:
    ring = struct.pack("<128I", *(n ^ 1 for n in range(128)))
    first = struct.unpack_from("<I", GENUINE, 0x4C)[0]
    begun = time.monotonic()
    with pytest.raises(DocumentError):
        text_of(patched(512 * (first + 1), ring))
    assert time.monotonic() - begun < 20


def test_a_file_damaged_anywhere_is_read_or_refused_and_does_nothing_else() -> None:
    chance = random.Random(11)  # noqa: S311 - which bytes are damaged is no secret
    refused = 0
    for _ in range(300):
        content = bytearray(GENUINE)
        for _ in range(chance.choice([1, 4, 40])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            found = documents_word97.text(bytes(content))
        except Exception:  # noqa: BLE001 - told as damaged, whatever it is
            refused += 1
        else:
            assert len(found) <= documents_word97.MOST_TEXT
    assert 0 < refused < 300


def test_fields_show_their_result_and_never_their_instruction() -> None:
    told = documents_word97._cleaned(
        'a\x13 HYPERLINK "x" \x13 PAGE \x147\x15 \x14link\x15 b\x15\x14c\x13 no result\x15d\x1ee\x1f'
    )
    assert told == "alink bcd-e"
