"""Turn a résumé (PDF, DOCX or DOC) into text; the file may be hostile.

What a file is, is seen from its content, never from its name. It is opened apart, see `apart`.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Final

from app.adapters import apart
from app.errors import InvalidInputError

_READER: Final = Path(__file__).with_name("documents_reader.py")
_WORD_97_READER: Final = Path(__file__).with_name("documents_word97.py")
LARGEST: Final = 10 * 1024 * 1024  # bytes of a file
MEMORY: Final = 768 * 1024 * 1024  # bytes of address space
PROCESSOR: Final = 15  # seconds
PATIENCE: Final = 30.0  # seconds of the clock
_ANSWER: Final = 8 * 1024 * 1024  # bytes; the reader stops long before
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_PDF_WITHIN: Final = 1024  # bytes, as readers of PDF take it
TELL: Final = {
    "encrypted": "This file is protected by a password; save it without one and send it again.",
    "no text": "There is no text in this file; a scan or a picture cannot be read, paste the text.",
    "too much": "This file holds far more than a résumé; send a shorter one, or paste the text.",
    "not docx": "This is a ZIP archive and no Word document; send a PDF or a DOCX file.",
    "not doc": "This is no Word document; send a PDF or a DOCX file.",
    "old word": "This file is of Word 95 or older; save it as PDF or DOCX and send it again.",
    "broken": "This file is damaged and cannot be read; save it anew and send it again.",
}


class DocumentError(InvalidInputError):
    """A file cannot be read as a document."""

    code = "document_unreadable"


def text_of(content: bytes) -> str:
    """Give the text of a PDF, DOCX or DOC file; raise DocumentError saying why there is none."""
    if len(content) > LARGEST:
        raise DocumentError(
            "This file is larger than {most} MB; send a smaller one.", most=LARGEST // 2**20
        )
    return _cleaned(_read_apart(_kind(content), content))


def _kind(content: bytes) -> str:
    if content.startswith(_ZIP):
        return "docx"
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return "pdf"
    if content.startswith(_OLE):
        return "doc"  # a DOCX with a password is of this kind as well
    raise DocumentError(
        "This is neither a PDF nor a Word file; send one of these, or paste the text."
    )


def _read_apart(kind: str, content: bytes) -> str:
    try:
        said = apart.run(
            *((_WORD_97_READER,) if kind == "doc" else (_READER, kind)),
            content=content,
            memory=MEMORY,
            processor=PROCESSOR,
            patience=PATIENCE,
        )
    except TimeoutError:
        raise DocumentError(TELL["too much"]) from None
    if said is None or len(said) > _ANSWER:
        raise DocumentError(TELL["too much"])  # memory or processor time ran out
    try:
        answer = json.loads(said)
        problem, text = answer["problem"], answer["text"]
    except (ValueError, KeyError, TypeError):
        raise DocumentError(TELL["broken"]) from None
    if problem:
        raise DocumentError(TELL.get(problem, TELL["broken"]))
    return str(text)


def _cleaned(text: str) -> str:
    """Keep what can be read: no control characters, no half characters, no runs of blank lines."""
    kept = "".join(
        letter
        if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs", "Co"}
        else " "
        for letter in text
    )
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    cleaned = "\n".join(line for line in lines if line)
    if not any(letter.isalnum() for letter in cleaned):
        raise DocumentError(TELL["no text"])
    return cleaned
