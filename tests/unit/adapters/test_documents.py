"""Résumés: what is read out of PDF and DOCX, and what becomes of files that mean harm."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import time
import zipfile
import zlib
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from app.adapters import documents
from app.adapters.documents import DocumentError, text_of

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: str, content: bytes | None = None, filters: str = "") -> bytes:
    """Write a PDF by hand, one line of text a page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    streams: dict[int, bytes] = {}
    for number, text in enumerate(pages):
        place = 4 + 2 * number
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {place + 1} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        shown = (
            content if content is not None else f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
        )
        streams[place + 1] = shown
        objects.append(f"<< /Length {len(shown)} {filters} >>")
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\n".encode()
        if number in streams:
            out += b"stream\n" + streams[number] + b"\nendstream\n"
        out += b"endobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    )
    return bytes(out)


def encrypted(content: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def paragraphs(*texts: str) -> str:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)
    return f'<w:document xmlns:w="{_NAMESPACE}"><w:body>{body}</w:body></w:document>'


def docx(document: str | bytes, **more: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", document)
        for name, content in more.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_the_text_of_a_pdf_is_read_page_by_page() -> None:
    assert text_of(pdf("I repair organs.", "I need a workshop.")) == (
        "I repair organs.\nI need a workshop."
    )


def test_the_text_of_a_word_document_is_read_paragraph_by_paragraph() -> None:
    assert text_of(docx(paragraphs("Ana Lim&#233;", "Rope maker &amp; sailor", "  "))) == (
        "Ana Limé\nRope maker & sailor"
    )


def test_tabs_and_line_breaks_of_a_word_document_divide_words() -> None:
    run = "<w:p><w:r><w:t>2014</w:t><w:tab/><w:t>nurse</w:t><w:br/><w:t>Graz</w:t></w:r></w:p>"
    document = f'<w:document xmlns:w="{_NAMESPACE}"><w:body>{run}</w:body></w:document>'
    assert text_of(docx(document)) == "2014 nurse\nGraz"


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"MZ\x90\x00", b"<html><script>alert(1)</script>", b"\x89PNG\r\n\x1a\n", b"{}"],
)
def test_what_a_file_is_is_seen_from_its_content(content: bytes) -> None:
    with pytest.raises(DocumentError, match="neither a PDF nor a Word"):
        text_of(content)


def test_a_file_over_ten_megabytes_is_refused_unread() -> None:
    with pytest.raises(DocumentError, match="larger than 10 MB"):
        text_of(b"%PDF-1.4" + bytes(documents.LARGEST))


def test_another_archive_than_a_word_document_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(DocumentError, match="no Word document"):
        text_of(buffer.getvalue())


def test_an_archive_in_an_archive_is_not_opened() -> None:
    inner = docx(paragraphs("hidden"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("resume.docx", inner)
    with pytest.raises(DocumentError, match="no Word document"):
        text_of(buffer.getvalue())


def test_a_word_document_that_unpacks_to_far_more_than_it_is_is_refused() -> None:
    bomb = docx(paragraphs("a" * 100_000_000))
    assert len(bomb) < 1_000_000
    _refused_quickly(bomb, "far more than a résumé")


def test_a_word_document_of_endless_markup_without_text_is_refused() -> None:
    rest = "<w:p/>" * 12_000_000
    document = f'<w:document xmlns:w="{_NAMESPACE}"><w:body>{rest}</w:body></w:document>'
    _refused_quickly(docx(document), "far more than a résumé")


def test_elements_nested_without_end_are_refused() -> None:
    _refused_quickly(docx(f'<w:d xmlns:w="{_NAMESPACE}">' + "<w:p>" * 100_000), "far more")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY x "&b;&b;">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
def test_a_document_that_declares_entities_is_refused(doctype: str) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        text_of(docx(doctype + paragraphs("&x;" if "x" in doctype else "text")))


def test_a_pdf_with_a_password_says_that_it_has_one() -> None:
    with pytest.raises(DocumentError, match="protected by a password"):
        text_of(encrypted(pdf("secret"), "sesame"))


def test_a_pdf_that_is_locked_against_changes_only_is_read() -> None:
    assert text_of(encrypted(pdf("I repair organs."), "")) == "I repair organs."


def test_a_pdf_of_pictures_says_that_there_is_no_text() -> None:
    with pytest.raises(DocumentError, match="no text"):
        text_of(pdf("", content=b"q 100 0 0 100 0 0 cm Q"))


def test_a_pdf_of_many_pages_is_refused() -> None:
    _refused_quickly(pdf(*["page"] * 400), "far more than a résumé")


def test_a_pdf_stream_that_unpacks_to_a_gigabyte_is_refused() -> None:
    packer = zlib.compressobj(9)
    block = b" " * 1_000_000
    packed = b"".join(packer.compress(block) for _ in range(1_000)) + packer.flush()
    bomb = pdf("", content=packed, filters="/Filter /FlateDecode")
    assert len(bomb) < documents.LARGEST
    with pytest.raises(DocumentError):
        text_of(bomb)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_half_a_file_is_told_as_damaged_or_read_and_never_an_error_of_ours(kept: float) -> None:
    for whole in (pdf("I repair organs."), docx(paragraphs("I repair organs."))):
        try:
            assert "organs" in text_of(whole[: int(len(whole) * kept)])
        except DocumentError:
            continue


def test_a_pdf_whose_pages_refer_to_themselves_comes_to_an_end() -> None:
    looped = pdf("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")
    started = time.monotonic()
    with pytest.raises(DocumentError):
        text_of(looped)
    assert time.monotonic() - started < documents.PATIENCE + 5


def test_reading_a_bomb_takes_no_memory_of_ours() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bomb = docx(paragraphs("b" * 50_000_000))
    built = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DocumentError):
        text_of(bomb)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - max(before, built)
    assert grown < 50_000, "kilobytes"


def test_the_process_that_reads_sees_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    seen: list[object] = []
    real = subprocess.run

    def spying(command: list[str], **named: Any) -> subprocess.CompletedProcess[bytes]:
        seen.append(named["env"])
        done: subprocess.CompletedProcess[bytes] = real(command, **named)
        return done

    monkeypatch.setattr(subprocess, "run", spying)
    text_of(pdf("I repair organs."))
    assert seen == [{}]
    assert "DATABASE_URL" in os.environ


def test_control_characters_do_not_reach_the_text() -> None:
    assert text_of(pdf("I repair\\000 organs\\007.")) == "I repair organs ."


def _refused_quickly(content: bytes, why: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match=why):
        text_of(content)
    assert time.monotonic() - started < documents.PATIENCE + 5
