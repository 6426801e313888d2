"""Derive needs, offers and facts from the log: with no language model, or checked against one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.conversation.lists import same
from app.domain.conversation.questions import Question
from app.domain.conversation.wording import question_text
from app.domain.understanding.head import States
from app.domain.understanding.kinds import Asked, Meaning
from app.domain.understanding.reading import Understood, read
from app.domain.understanding.spans import Span
from app.domain.understanding.vagueness import vague
from app.repositories.backend.onboarding import Message
from app.repositories.backend.onboarding_items import Item, identity
from app.services import onboarding_language
from app.services.language import LanguageModel, LanguageModelError

log = logging.getLogger(__name__)
_ASPECTS: Final = frozenset({Asked.ABOUT, Asked.RULES})
_DETAILS: Final = frozenset({Asked.NEED_DETAIL, Asked.OFFER_DETAIL})
_SURE: Final = 0.75
_SHARED: Final = 0.5  # of the shorter of two parts that counts as the same part


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what one message says, and what read it."""

    message: Message
    items: tuple[Item, ...]
    meanings: tuple[Meaning, ...]
    read_by: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Understand messages with the shipped embedding model, and a language model if there is one.

    The shipped one it must be, whatever model makes the vectors for matching.
    """

    states: States
    language_model: LanguageModel | None = None

    def read(self, message: Message, at: datetime) -> Reading:
        """Derive what a message says; a language model that fails is done without, and logged."""
        asked = Asked.NOTHING if message.source == "document" else Asked(message.asked)
        found = read(message.text, asked, self.states)
        read_by = self.states.model
        model = self.language_model
        if model is not None and len(message.text) <= onboarding_language.LONGEST_READ:
            question = question_text(Question(asked)).replace("“{about}”", "it")
            try:
                by_model = onboarding_language.read(model, message.text, question, found)
            except LanguageModelError as error:
                log.warning("A message was read without the language model: %s", error)
            else:
                found = onboarding_language.widened(message.text, by_model)
                read_by = model.model
        items = self._items(message, asked, found, at)
        return Reading(message, items, tuple(one.meaning for one in found), read_by)

    def _items(
        self, message: Message, asked: Asked, found: Sequence[Understood], at: datetime
    ) -> tuple[Item, ...]:
        listed = [
            one
            for one in found
            if one.meaning is not Meaning.NEITHER and not _heading(message, one)
        ]
        texts = [one.span.of(message.text) for one in listed]
        unclear = self.vague(texts)
        return tuple(
            Item(
                id=identity(message.id, one.span.start, one.span.stop),
                message_id=message.id,
                start=one.span.start,
                stop=one.span.stop,
                kind=one.meaning.value,
                aspect=asked.value if one.meaning is Meaning.FACT and asked in _ASPECTS else "",
                text=text,
                confidence=min(1.0, one.confidence),
                vague=is_vague and one.meaning is not Meaning.FACT and asked not in _DETAILS,
                origin="derived",
                created_at=at,
            )
            for one, text, is_vague in zip(listed, texts, unclear, strict=True)
        )

    def vague(self, texts: Sequence[str]) -> list[bool]:
        """Say of each statement whether it is too vague to match on."""
        return vague(texts, self.states)


def _heading(message: Message, one: Understood) -> bool:
    """Say whether a part of a document is a word of its form ("Skills"): one word, unsure of kind."""
    alone = len(one.span.of(message.text).split()) == 1
    return message.source == "document" and alone and one.confidence < _SURE


def not_corrected(reading: Reading, kept: Sequence[Item]) -> list[Item]:
    """Leave out what the member has corrected or removed, and what stands on the lists already.

    A derived part counts as corrected when it shares half of itself, or of the other, with a part
    that the member has touched.
    """
    touched = [item for item in kept if item.origin == "member"]
    known = {(item.kind, same(item.text)) for item in kept if item.message_id != reading.message.id}
    fresh: list[Item] = []
    for item in reading.items:
        key = (item.kind, same(item.text))
        if key in known or any(_same_part(item, other) for other in touched):
            continue
        known.add(key)
        fresh.append(item)
    return fresh


def _same_part(one: Item, other: Item) -> bool:
    if one.message_id != other.message_id or None in {one.start, one.stop, other.start, other.stop}:
        return False
    a, b = Span(one.start or 0, one.stop or 0), Span(other.start or 0, other.stop or 0)
    return a.shared(b) >= _SHARED * min(a.stop - a.start, b.stop - b.start)
