"""Read a Word 97 to 2003 file from standard input: a process that a hostile file may do its worst to.

Started by app/adapters/documents.py, confined; it imports nothing of this project. Text stands in
pieces, in the order of the table of pieces: [MS-DOC] 2.4.1, from the FIB by its Clx to the PlcPcd.
"""

from __future__ import annotations

import io
import json
import logging
import struct
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

MOST_TEXT: Final = 200_000  # characters, as many as one message may have
_WORD_97: Final = 0xA5EC  # wIdent
_WORD_95: Final = 0xA5DC
_FIRST_97: Final = 0x00C0  # nFib; a few builds wrote this one for 0x00C1
_ENCRYPTED: Final = 0x0100
_ONE_TABLE: Final = 0x0200  # the table stream is the one called 1Table
_COMPRESSED: Final = 0x4000_0000  # one byte of Windows-1252 for each character
_CLX: Final = 33  # its place among the pairs of offset and length
# The parts of a document, in their order in the text, that its author wrote for readers of it:
# footnotes, headers, comments and endnotes stand between the main text and the text boxes.
_LENGTHS: Final = slice(3, 10)  # ccpText to ccpTxbx among the lengths of the FIB
_BEGIN, _SEPARATE, _END = "\x13", "\x14", "\x15"  # of a field: its instruction, then its result
_MEANING: Final = {
    "\r": "\n", "\x07": "\n", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": "", "\x01": "",
    "\x02": "", "\x05": "", "\x08": "", _BEGIN: "", _SEPARATE: "", _END: "",
}  # fmt: skip


class Problem(Exception):  # noqa: N818 - its text is the answer, one of the words documents.py knows
    """Say in one or two words why a document was not read."""


def text(content: bytes) -> str:
    """Give the text of a document's main part and of its text boxes."""
    import olefile  # noqa: PLC0415 - loaded inside the limits

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            if file.exists("EncryptedPackage"):  # a DOCX with a password
                raise Problem("encrypted")
            if not file.exists("WordDocument"):
                raise Problem("not doc")
            document = file.openstream("WordDocument").read()
            table, fib = _checked(document)
            if not file.exists(table):
                raise Problem("broken")
            return _cleaned(_parts(document, file.openstream(table).read(), fib))
    except (OSError, struct.error, IndexError):
        raise Problem("broken") from None


def _checked(document: bytes) -> tuple[str, int]:
    """Give the name of the table stream and where the lengths begin; refuse what is older or closed."""
    ident, version = struct.unpack_from("<HH", document, 0)
    (flags,) = struct.unpack_from("<H", document, 10)
    if ident == _WORD_95 or (ident == _WORD_97 and version < _FIRST_97):
        raise Problem("old word")
    if ident != _WORD_97:
        raise Problem("broken")
    if flags & _ENCRYPTED:
        raise Problem("encrypted")
    (words,) = struct.unpack_from("<H", document, 32)
    return "1Table" if flags & _ONE_TABLE else "0Table", 34 + 2 * words


def _parts(document: bytes, table: bytes, fib: int) -> str:
    (count,) = struct.unpack_from("<H", document, fib)
    lengths = struct.unpack_from(f"<{count}i", document, fib + 2)[_LENGTHS]
    if len(lengths) < _LENGTHS.stop - _LENGTHS.start or min(lengths) < 0:
        raise Problem("broken")
    if sum(lengths) > 4 * MOST_TEXT:
        raise Problem("too much")
    pairs = fib + 2 + 4 * count + 2
    offset, size = struct.unpack_from("<II", document, pairs + 8 * _CLX)
    written = b"".join(_pieces(document, _table_of_pieces(table[offset : offset + size])))
    boxes = sum(lengths[:-1])
    parts = written[: 2 * lengths[0]], written[2 * boxes : 2 * (boxes + lengths[-1])]
    return "\n".join(part.decode("utf-16-le", "replace") for part in parts)


def _table_of_pieces(clx: bytes) -> bytes:
    """Pass over the properties that come before it."""
    at = 0
    while clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at] != 2:  # noqa: PLR2004 - clxt of the Pcdt
        raise Problem("broken")
    (size,) = struct.unpack_from("<I", clx, at + 1)
    return clx[at + 5 : at + 5 + size]


def _pieces(document: bytes, table: bytes) -> Iterator[bytes]:
    """Give each piece as UTF-16: places are counted in its units."""
    count = (len(table) - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", table, 0)
    length = 0
    for number, (begin, end) in enumerate(pairwise(places)):
        length += end - begin
        if end < begin:
            raise Problem("broken")
        if length > 4 * MOST_TEXT:
            raise Problem("too much")
        (where,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)
        if where & _COMPRESSED:
            start = (where & ~_COMPRESSED & 0x7FFF_FFFF) // 2
            narrow = document[start : start + end - begin]
            found = narrow.decode("cp1252", "replace").encode("utf-16-le")
        else:
            start = where & 0x3FFF_FFFF
            found = document[start : start + 2 * (end - begin)]
        if len(found) != 2 * (end - begin):
            raise Problem("broken")
        yield found


def _cleaned(written: str) -> str:
    """Leave out what fields were told to do and keep what came of it; end lines as texts do."""
    kept: list[str] = []
    fields: list[bool] = []  # of each field that is open, whether its result has begun
    hidden = 0
    for letter in written:
        if letter == _BEGIN:
            fields.append(False)
            hidden += 1
        elif letter == _SEPARATE and fields and not fields[-1]:
            fields[-1] = True
            hidden -= 1
        elif letter == _END and fields:
            hidden -= not fields.pop()
        elif not hidden:
            kept.append(_MEANING.get(letter, letter))
    if len(kept) > MOST_TEXT:
        raise Problem("too much")
    return "".join(kept)


def main() -> int:
    """Answer on standard output with the text, or with what is wrong, as JSON."""
    logging.disable()
    answer = {"problem": "", "text": ""}
    try:
        answer["text"] = text(sys.stdin.buffer.read())
    except Problem as problem:
        answer["problem"] = str(problem)
    except (MemoryError, RecursionError):
        answer["problem"] = "too much"
    except Exception:  # noqa: BLE001 - a hostile file raises anything; the parent tells it as damaged
        answer["problem"] = "broken"
    json.dump(answer, sys.stdout, ensure_ascii=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
