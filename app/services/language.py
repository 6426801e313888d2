"""What services ask of a language model, where the operator has set one up. Nothing needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.errors import ReciprocityError


class LanguageModelError(ReciprocityError):
    """The language model gave no answer that can be used; the way without it goes on."""

    code = "language_model_failed"
    status = 503


class LanguageModel(Protocol):
    """Answer in a given form."""

    @property
    def model(self) -> str:
        """Name the model; what it derived carries this name."""
        ...

    def structured(
        self, *, instructions: str, text: str, name: str, schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Give an object of the JSON Schema `schema`; raise LanguageModelError, also when it is slow."""
        ...
