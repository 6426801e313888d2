"""Write an export as a ZIP archive: one page to read, and every table as JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from app.languages import SOURCE, Say, speaking
from app.services.export import Export, Held

NAME: Final = "everything-about-me.zip"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:auto;padding:1rem}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid #bbb;white-space:pre-wrap;overflow-wrap:anywhere}"
    "summary{cursor:pointer;padding:.4rem 0;font-weight:600}"
)
WITHHELD: Final = (
    "Not in it: your password and the keys of your sessions, which are stored as digests that nobody"
    " can read; what others decided about you before you both said yes; who reported somebody. The"
    " vectors are numbers made of your needs and offers, listed by how many there are."
)
TITLE: Final = "Everything held about you"
MADE: Final = "Made on {at}."
PICTURE: Final = "Your picture"
EMPTY: Final = "Tables that hold nothing about you"
VECTORS: Final = "what the AI database derived of it, counted"


def archive(export: Export, language: str = SOURCE) -> bytes:
    """Write the archive; its page to read is in one language."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("index.html", _index(export, language))
        for held in export.tables:
            files.writestr(f"data/{held.table}.json", _json(held.rows))
        files.writestr("data/vectors.json", _json(_vectors(export)))
        if export.picture is not None:
            files.writestr("picture.jpg", export.picture)
    return packed.getvalue()


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _vectors(export: Export) -> list[dict[str, Any]]:
    return [{"table": one.table, "model": one.model, "rows": one.rows} for one in export.vectors]


def _index(export: Export, language: str) -> str:
    say = speaking(language)
    title = escape(say(TITLE))
    made = f"{export.made_at:%Y-%m-%d %H:%M} UTC"
    filled = [held for held in export.tables if held.rows]
    empty = [held.table for held in export.tables if not held.rows]
    vectors = Held("vectors", VECTORS, _vectors(export))
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1><p>{escape(say(MADE).format(at=made))}</p><p>{escape(say(WITHHELD))}</p>",
        f'<p><img src="picture.jpg" alt="{escape(say(PICTURE))}"></p>' if export.picture else "",
        *(_section(held, say) for held in [*filled, vectors]),
        f"<h2>{escape(say(EMPTY))}</h2><p>{escape(', '.join(empty))}</p>",
        "</body></html>",
    ]
    return "\n".join(parts)


def _section(held: Held, say: Say) -> str:
    columns = list(dict.fromkeys(name for row in held.rows for name in row))
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in columns) + "</tr>"
        for row in held.rows
    )
    return (
        f"<details open><summary>{escape(say(held.purpose))} ({len(held.rows)})</summary>"
        f'<p><a href="data/{held.table}.json">data/{held.table}.json</a></p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return escape(json.dumps(value, ensure_ascii=False, default=_plain))
    return escape(value if isinstance(value, str) else _plain(value))
