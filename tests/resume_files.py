"""The smallest files that a word processor would take."""

from __future__ import annotations

import io
import zipfile


def docx(text: str) -> bytes:
    """Make a document of one paragraph."""
    made = io.BytesIO()
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(  # without the time, so that the same text is the same file
            zipfile.ZipInfo("[Content_Types].xml"),
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        archive.writestr(
            zipfile.ZipInfo("word/document.xml"),
            f'<w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>'
            "</w:document>",
        )
    return made.getvalue()
