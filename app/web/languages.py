"""In which language pages speak: what was chosen in this browser, else what the browser asks for."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from app.languages import FOLDER, LANGUAGES, SOURCE, told, translated, translations

__all__ = [
    "COOKIE", "FOLDER", "LANGUAGES", "SOURCE", "asked_for", "chosen", "chosen_here", "told",
    "translated", "translations",
]  # fmt: skip
COOKIE: Final = "language"


def chosen(cookie: str, accepted: str) -> str:
    """Choose a language by the cookie, else by the header Accept-Language, else English."""
    if cookie in LANGUAGES:
        return cookie
    wanted = sorted((_weighed(one) for one in accepted.split(",")), key=lambda one: -one[0])
    for weight, tag in wanted:
        language = tag.partition("-")[0]
        if weight > 0 and language in LANGUAGES:
            return language
    return SOURCE


def chosen_here(request: Request) -> str:
    """Give what was chosen in this browser; an empty text when nothing was."""
    cookies = (request.cookies.get(name, "") for name in (f"__Host-{COOKIE}", COOKIE))
    return next(filter(None, cookies), "")


def asked_for(request: Request) -> str:
    """Give the language that a request asks for, by its cookie or by its header."""
    return chosen(chosen_here(request), request.headers.get("accept-language", ""))


def _weighed(entry: str) -> tuple[float, str]:
    tag, _, parameters = entry.strip().lower().partition(";")
    name, _, number = parameters.strip().partition("=")
    try:
        return (float(number) if name == "q" else 1.0), tag.strip()
    except ValueError:
        return 0.0, tag.strip()
