"""Read one document from standard input: the process that a hostile file may do its worst to.

Started by app/adapters/documents.py, confined, with the word pdf or docx; it imports nothing of this
project.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import zipfile
from typing import Final
from xml.parsers import expat

MOST_TEXT: Final = 200_000  # characters, as many as one message may have
_MOST_PAGES: Final = 200
_MOST_ENTRIES: Final = 2_000
_LARGEST_PART: Final = 64 * 1024 * 1024  # bytes of one unpacked part
_CHUNK: Final = 64 * 1024
_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT_WORD: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_DEEPEST: Final = 500  # elements inside elements


class Problem(Exception):  # noqa: N818 - its text is the answer, one of the words documents.py knows
    """Say in one or two words why a document was not read."""


def pdf(content: bytes) -> str:
    """Give the text of a PDF's pages."""
    from pypdf import PdfReader  # noqa: PLC0415 - loaded inside the limits
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError  # noqa: PLC0415

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Problem("encrypted")
        pages: list[str] = []
        length = 0
        for number, page in enumerate(reader.pages):
            if number >= _MOST_PAGES:
                raise Problem("too much")
            pages.append(page.extract_text())
            length += len(pages[-1])
            if length > MOST_TEXT:
                raise Problem("too much")
    except (DependencyError, FileNotDecryptedError):
        raise Problem("encrypted") from None
    except PyPdfError:
        raise Problem("broken") from None
    return "\n".join(pages)


class _Paragraphs:
    """Collect the text of a Word document's main part, element by element.

    A DOCTYPE is refused on sight, so that no entity is ever declared, inside or outside the file.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.depth = 0
        self.inside = False

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Problem("too much")
        space, _, tag = name.rpartition(" ")
        if space not in {_WORD, _STRICT_WORD}:
            return
        self.inside = tag == "t"
        if tag == "tab":
            self._add("\t")
        elif tag in {"br", "cr"}:
            self._add("\n")

    def end(self, name: str) -> None:
        self.depth -= 1
        tag = name.rpartition(" ")[2]
        self.inside = False
        if tag == "p":
            self._add("\n")

    def data(self, text: str) -> None:
        if self.inside:
            self._add(text)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
        if self.length > MOST_TEXT:
            raise Problem("too much")


def _refuse(*_: object) -> None:
    raise Problem("broken")


def docx(content: bytes) -> str:
    """Give the text of a Word document's main part, its headers and footers left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise Problem("too much")
            names = {entry.filename for entry in entries}
            if not {"[Content_Types].xml", "word/document.xml"} <= names:
                raise Problem("not docx")
            main = archive.getinfo("word/document.xml")
            if main.flag_bits & 1:
                raise Problem("encrypted")
            return _text_of_part(archive, main)
    except (zipfile.BadZipFile, expat.ExpatError, NotImplementedError, EOFError, OSError):
        raise Problem("broken") from None


def _text_of_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    found = _Paragraphs()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = found.begin
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = None
    read = 0
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            read += len(chunk)
            if read > _LARGEST_PART:
                raise Problem("too much")
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return "".join(found.parts)


def main() -> int:
    """Answer on standard output with the text, or with what is wrong, as JSON."""
    logging.disable()
    content = sys.stdin.buffer.read()
    read = {"pdf": pdf, "docx": docx}[sys.argv[1]]
    answer = {"problem": "", "text": ""}
    try:
        answer["text"] = read(content)
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
