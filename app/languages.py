"""Say our own sentences in the languages that members read.

They are written in English; `translations/` holds a catalogue for each other language, which
`python scripts/translations.py` keeps complete.
"""

from __future__ import annotations

import io
from functools import cache, partial
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final, Protocol

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.domain.told import Told
from app.errors import ReciprocityError

SOURCE: Final = "en"
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
FOLDER: Final = Path(__file__).parent / "translations"


class Say(Protocol):
    """Give one of our own sentences in somebody's language."""

    def __call__(self, text: str, /) -> str:
        """Give it; what nobody translated stays as it is."""
        ...


@cache
def translations(language: str) -> NullTranslations:
    """Give the catalogue of one language; the one that sentences are written in has none."""
    if language == SOURCE or language not in LANGUAGES:
        return NullTranslations()
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def translated(language: str, text: str) -> str:
    """Give one of our own sentences in another language; what is not known stays as it is."""
    if isinstance(text, Told):
        return text.in_(partial(translated, language))
    return translations(language).gettext(text) if text else text


def speaking(language: str) -> Say:
    """Give what says our sentences in one language."""
    return partial(translated, language)


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
