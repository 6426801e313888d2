"""What members' programs send and get in conversations, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.member.bodies import Answer, Body


class Contact(Answer):
    """Tell how to reach somebody outside of this place."""

    email: str
    links: Sequence[str]


class Talk(Answer):
    """Hold a conversation; `over` says why nobody can write, or is empty.

    There is no partner where the other has left for good.
    """

    id: UUID
    partner_id: UUID | None
    name: str
    headline: str
    over: str
    contact: Contact | None
    last_number: int
    my_read: int
    their_read: int
    unread: int
    last_at: datetime


class Talks(Answer):
    """Hold one page of conversations, the one with the newest message first."""

    items: Sequence[Talk]
    next: str | None


class Message(Answer):
    """Hold one message; numbers order a conversation without gaps."""

    id: UUID
    number: int
    sender_id: UUID
    body: str
    created_at: datetime


class Messages(Answer):
    """Hold messages in their order."""

    items: list[Message]


class NewMessage(Body):
    """Write a message."""

    body: Annotated[str, Field(max_length=4000, examples=["Hello! You are looking for …"])]


class ReadMark(Body):
    """Say up to which message was read."""

    number: Annotated[int, Field(ge=0, le=2**31 - 1)]
