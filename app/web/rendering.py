"""Fill templates in; everything a member wrote is escaped as it is shown."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from app.web.languages import LANGUAGES, SOURCE, translated, translations

HERE: Final = Path(__file__).parent
HTMX: Final = HERE.parent.parent / "third_party" / "htmx" / "htmx.min.js"
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """Hold one file that pages refer to, and the version in its address."""

    body: bytes
    kind: str
    version: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Read every static file once."""
    found = {}
    for path in [*sorted((HERE / "static").iterdir()), HTMX]:
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = Asset(body, kind, hashlib.sha256(body).hexdigest()[:12])
    return found


def asset_url(name: str) -> str:
    """Give the address of a static file; it changes whenever the file does."""
    return f"/static/{name}?v={assets()[name].version}"


async def static_file(request: Request) -> Response:
    """Answer with a static file, to be kept for good under its versioned address."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    current = request.query_params.get("v") == asset.version
    headers = {"Cache-Control": _FOREVER if current else "no-cache", "ETag": f'"{asset.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.kind, headers=headers)


def _day(moment: datetime, language: str) -> str:
    # British English writes 22 November 2026, as the pages always did.
    return format_date(moment, "long", "en_GB" if language == SOURCE else language)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@cache
def environment(language: str) -> Environment:
    """Make what fills templates in, in one language."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # put there by the extension
    made.filters |= {
        "day": partial(_day, language=language),
        "minute": _minute,
        # For our own words that come from elsewhere than a template; the answer is escaped as ever.
        "translated": partial(translated, language),
    }
    made.globals |= {"asset": asset_url, "language": language, "languages": LANGUAGES}
    return made


def filled(template: str, language: str = SOURCE, **values: object) -> str:
    """Fill a template in, in one language."""
    return environment(language).get_template(template).render(**values)
