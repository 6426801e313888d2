"""In which language pages speak: what was chosen in this browser, else what the browser asks for.

The pages are written in English; `translations/` holds a catalogue for each other language, which
`python scripts/translations.py` keeps complete.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from app.errors import ReciprocityError

SOURCE: Final = "en"
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
COOKIE: Final = "language"
FOLDER: Final = Path(__file__).parent / "translations"


@cache
def translations(language: str) -> NullTranslations:
    """Give the catalogue of one language; the one that pages are written in has none."""
    if language == SOURCE:
        return NullTranslations()
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


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


def asked_for(request: Request) -> str:
    """Give the language that a request asks for, by its cookie or by its header."""
    cookies = (request.cookies.get(name, "") for name in (f"__Host-{COOKIE}", COOKIE))
    return chosen(next(filter(None, cookies), ""), request.headers.get("accept-language", ""))


def _weighed(entry: str) -> tuple[float, str]:
    tag, _, parameters = entry.strip().lower().partition(";")
    name, _, number = parameters.strip().partition("=")
    try:
        return (float(number) if name == "q" else 1.0), tag.strip()
    except ValueError:
        return 0.0, tag.strip()


def translated(language: str, text: str) -> str:
    """Give one of our own sentences in another language; what is not known stays as it is."""
    return translations(language).gettext(text) if text else text


def told(language: str, error: ReciprocityError) -> str:
    """Tell an error in another language, with its values put in."""
    sentence = translated(language, error.sentence)
    if not error.values:
        return sentence
    values = {
        name: translated(language, value) if isinstance(value, str) else value
        for name, value in error.values.items()
    }
    return sentence.format(**values)
