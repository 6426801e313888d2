"""Words that can be told in another language: a sentence, and its values apart from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self


class Told(str):
    """Be a sentence in English with its values put in, which `in_` gives in another language.

    `Told("{count} needs", count=3)` is the text "3 needs" wherever a text is wanted.
    """

    __slots__ = ("sentence", "values")
    sentence: str
    values: dict[str, object]

    def __new__(cls, sentence: str, /, **values: object) -> Self:
        """Put the values in; keep sentence and values for other languages."""
        made = super().__new__(cls, sentence.format(**values) if values else sentence)
        made.sentence, made.values = sentence, values
        return made

    def in_(self, say: Callable[[str], str]) -> str:
        """Tell it in the language that `say` speaks; values that are told are translated too."""
        values = {
            name: value.in_(say) if isinstance(value, Told) else value
            for name, value in self.values.items()
        }
        sentence = say(self.sentence) if self.sentence else ""
        return sentence.format(**values) if values else sentence
