"""What members say: needs and offers, never one taken for the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """Tell a need from an offer. A need is only ever compared with an offer."""

    NEED = "need"
    OFFER = "offer"

    @property
    def other(self) -> Kind:
        """Name the kind that answers this one."""
        return Kind.OFFER if self is Kind.NEED else Kind.NEED


class Importance(StrEnum):
    """Say how much a statement counts: in full, or less ("nice to have", "only now and then").

    A statement's vector is multiplied by the weight when it is stored. Every inner product with it
    is then the cosine times the weight: where candidates are sought, where pairs are scored and
    where reasons are chosen. A minor statement has to fit that much better to come first; where
    both statements of a couple are minor, both weights count. The 0.9 is chosen, not fitted.
    """

    MAIN = "main"
    MINOR = "minor"

    @property
    def weight(self) -> float:
        """Give what the statement's unit vector is multiplied by: 1 or 0.9."""
        return 1.0 if self is Importance.MAIN else 0.9


class Urgency(StrEnum):
    """Say how soon a member wants what they need."""

    URGENT = "urgent"
    TIME_SENSITIVE = "time_sensitive"
    ONGOING = "ongoing"
    EXPLORATORY = "exploratory"


@dataclass(frozen=True, slots=True)
class Statement:
    """Hold one need or one offer, in its member's own words."""

    id: UUID
    user_id: UUID
    kind: Kind
    position: int
    text: str
    importance: Importance = Importance.MAIN


@dataclass(frozen=True, slots=True)
class Minor:
    """Name by their words the statements of a member that are minor; all others count in full."""

    needs: frozenset[str] = frozenset()
    offers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Minor:
        """Gather which of these statements are minor."""
        minor = [one for one in statements if one.importance is Importance.MINOR]
        return cls(
            frozenset(one.text for one in minor if one.kind is Kind.NEED),
            frozenset(one.text for one in minor if one.kind is Kind.OFFER),
        )

    def importance(self, kind: Kind, text: str) -> Importance:
        """Give the importance of a need or an offer in these words."""
        known = self.needs if kind is Kind.NEED else self.offers
        return Importance.MINOR if text in known else Importance.MAIN

    def within(self, needs: Iterable[str], offers: Iterable[str]) -> Minor:
        """Leave out what is not among these needs and offers."""
        return Minor(self.needs.intersection(needs), self.offers.intersection(offers))

    def changed(self, needs: Iterable[str] | None, offers: Iterable[str] | None) -> Minor:
        """Take the minor needs and offers as they are said anew; None leaves what was."""
        return Minor(
            self.needs if needs is None else frozenset(needs),
            self.offers if offers is None else frozenset(offers),
        )


def content_hash(statements: Iterable[Statement]) -> bytes:
    """Digest what was said, so that a vector can be told to belong to it (SHA-256, 32 bytes).

    The importance is a part where a statement does not count in full: no other digest knows of it.
    """
    digest = hashlib.sha256()
    for said in sorted(statements, key=lambda s: (s.kind, s.position)):
        weighed = () if said.importance is Importance.MAIN else (said.importance,)
        for part in (said.kind, str(said.position), said.text, *weighed):
            digest.update(len(part.encode()).to_bytes(4, "big"))
            digest.update(part.encode())
    return digest.digest()


def summary_text(needs: Iterable[str], offers: Iterable[str], facts: Iterable[str] = ()) -> str:
    """Write a summary out of what was said, and of nothing else (Markdown)."""
    parts = []
    sections = (("What I need", needs), ("What I offer", offers), ("About me", facts))
    for title, texts in sections:
        said = list(texts)
        if said:
            parts.append(f"## {title}\n\n" + "\n".join(f"- {' '.join(s.split())}" for s in said))
    return "\n\n".join(parts)
