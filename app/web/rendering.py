"""Fill templates in; everything a member wrote is escaped as it is shown."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

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


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _made() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined] # put there by the extension
    made.filters |= {"day": _day, "minute": _minute}
    made.globals["asset"] = asset_url
    return made


TEMPLATES: Final = _made()


def filled(template: str, **values: object) -> str:
    """Fill a template in."""
    return TEMPLATES.get_template(template).render(**values)
