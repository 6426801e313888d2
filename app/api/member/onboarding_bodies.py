"""What members' programs send and get in onboarding, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.api.member.bodies import Answer, Body
from app.domain.conversation.lists import LONGEST_MESSAGE
from app.domain.member_rows import LONGEST_STATEMENT
from app.domain.statements import Importance

Kind = Literal["need", "offer", "fact"]
Said = Annotated[
    str,
    Field(
        max_length=LONGEST_MESSAGE,
        examples=["I need advice on my tax return. I can teach piano to beginners."],
    ),
]


class NewSaying(Body):
    """Say something, as much as one likes."""

    text: Said


class NewItem(Body):
    """Put a statement on a list, or change one."""

    kind: Annotated[Kind, Field(examples=["need"])]
    text: Annotated[str, Field(max_length=LONGEST_STATEMENT, examples=["help with my taxes"])]
    importance: Annotated[
        Importance | None,
        Field(
            description="How much it counts: in full (main), or less (minor: a need that is nice to"
            " have, an offer for now and then). Left out, a new item counts in full, and one that is"
            " changed counts as before. A fact always counts in full.",
            examples=["minor"],
        ),
    ] = None


class Item(Answer):
    """Hold one need, offer or fact; `start` and `stop` are where its message says it."""

    id: UUID
    kind: Kind
    text: str
    message_id: UUID | None
    start: int | None
    stop: int | None
    vague: bool
    importance: Importance
    origin: Literal["derived", "member"]


class Onboarding(Answer):
    """Tell how far onboarding is, what was understood, and what is asked next."""

    status: Literal["not_started", "in_progress", "completed"]
    progress: int
    question: str
    suggested: Sequence[str]
    needs: Sequence[Item]
    offers: Sequence[Item]
    facts: Sequence[Item]
    reading: bool


class Saying(Answer):
    """Hold one message of the conversation."""

    id: UUID
    position: int
    author: Literal["member", "platform"]
    source: Literal["chat", "document"]
    text: str
    created_at: datetime


class Sayings(Answer):
    """Hold messages in their order; `next` is the cursor of the page after it."""

    items: Sequence[Saying]
    next: str | None


class Completed(Answer):
    """Hold the draft to approve, its public version, and what matching still lacks."""

    version: int
    status: Literal["draft", "approved"]
    public: str
    withheld: Mapping[str, int]
    lacking: str
