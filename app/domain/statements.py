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


def content_hash(statements: Iterable[Statement]) -> bytes:
    """Digest what was said, so that a vector can be told to belong to it (SHA-256, 32 bytes)."""
    digest = hashlib.sha256()
    for said in sorted(statements, key=lambda s: (s.kind, s.position)):
        for part in (said.kind, str(said.position), said.text):
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
