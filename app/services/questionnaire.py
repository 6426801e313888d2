"""Word and read the questions of another backend's questionnaire."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.databases import transactions
from app.domain.predictions import Option, nearest, written_out
from app.services import onboarding_language
from app.services.language import LanguageModel, LanguageModelError
from app.services.ports import Embedder

log = logging.getLogger(__name__)
_MOST_HEARD = 2_000  # characters of earlier answers that a language model is given


@dataclass(frozen=True, slots=True)
class Prediction:
    """Hold which option an answer means; without one, what to say instead."""

    option: Option | None
    fallback: str


def worded(model: LanguageModel | None, prompt: str, before: Sequence[str]) -> str:
    """Word a question so that it follows the answers before it; without a model it stays as it is."""
    heard = "\n".join(before)[-_MOST_HEARD:]
    if model is None or not heard.strip() or not prompt.strip().endswith("?"):
        return prompt
    try:
        return onboarding_language.word(model, heard, prompt, "")
    except LanguageModelError as error:
        log.warning("A question was worded without the language model: %s", error)
        return prompt


def predicted(embedder: Embedder, options: Sequence[Option], answer: str) -> Prediction:
    """Say which option a free answer means, by its words or by its meaning."""
    transactions.nothing_open("reading an answer")
    found = written_out(options, answer)
    if found is None and options and any(letter.isalnum() for letter in answer):
        found = nearest(options, embedder.embed([*(o.label for o in options), answer]))
    if found is not None:
        return Prediction(found, "")
    names = ", ".join(option.label for option in options)
    return Prediction(
        None, f"Please choose one of these: {names}." if names else "Please say more."
    )
