"""Onboarding as a conversation, for programs: messages, files, corrections, and being done."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, UploadFile

from app.api.member import onboarding_bodies as bodies
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.domain.statements import Importance
from app.services import (
    limits,
    onboarding,
    onboarding_completion,
    onboarding_corrections,
)
from app.services.onboarding_view import Conversation

routes = APIRouter(route_class=Once)
Key = Annotated[str | None, Header(max_length=100)]


def _told(talk: Conversation) -> bodies.Onboarding:
    return bodies.Onboarding.model_validate(talk)


@routes.get("/me/onboarding")
def how_far(side: Side, who: Who) -> bodies.Onboarding:
    """Tell how far onboarding is; it begins with the first look."""
    return _told(onboarding.start(side.databases, side.reader, who.user_id))


@routes.get("/me/onboarding/messages")
def log(
    side: Side,
    who: Who,
    cursor: Annotated[int, Query(ge=0, le=2**31 - 1, description="The `next` before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> bodies.Sayings:
    """List what was said, in its order."""
    talk = onboarding.start(side.databases, side.reader, who.user_id)
    found = [one for one in talk.messages if one.position > cursor]
    items = [bodies.Saying.model_validate(one) for one in found[:limit]]
    return bodies.Sayings(items=items, next=str(items[-1].position) if len(found) > limit else None)


@routes.post("/me/onboarding/messages", status_code=201)
def say(
    body: bodies.NewSaying, side: Side, who: Who, idempotency_key: Key = None
) -> bodies.Onboarding:
    """Say something; it is kept as it is, understood, and answered by the next question."""
    limits.take(side.databases, limits.MESSAGES, str(who.user_id))
    onboarding.start(side.databases, side.reader, who.user_id)
    talk = onboarding.hear(
        side.databases, side.reader, who.user_id, body.text, client_key=idempotency_key
    )
    return _told(talk)


@routes.post("/me/onboarding/documents", status_code=201)
def send(
    document: UploadFile, side: Side, who: Who, idempotency_key: Key = None
) -> bodies.Onboarding:
    """Send a résumé (PDF, DOCX or DOC, up to 10 MB): its text is heard like a message."""
    onboarding.start(side.databases, side.reader, who.user_id)
    talk = onboarding.hear_document(
        side.databases,
        side.reader,
        side.text_of,
        who.user_id,
        document.file.read(),
        client_key=idempotency_key,
    )
    return _told(talk)


@routes.post("/me/onboarding/items", status_code=201)
def add(
    body: bodies.NewItem, side: Side, who: Who, idempotency_key: Key = None
) -> bodies.Onboarding:
    """Put a need, an offer or a fact on its list by hand."""
    onboarding.start(side.databases, side.reader, who.user_id)
    talk = onboarding_corrections.add(
        side.databases,
        side.reader,
        who.user_id,
        kind=body.kind,
        text=body.text,
        client_key=idempotency_key,
        importance=body.importance or Importance.MAIN,
    )
    return _told(talk)


@routes.put("/me/onboarding/items/{item_id}")
def change(item_id: UUID, body: bodies.NewItem, side: Side, who: Who) -> bodies.Onboarding:
    """Give an item another kind, other words, or another importance."""
    onboarding.start(side.databases, side.reader, who.user_id)
    talk = onboarding_corrections.change(
        side.databases,
        side.reader,
        who.user_id,
        item_id,
        kind=body.kind,
        text=body.text,
        importance=body.importance,
    )
    return _told(talk)


@routes.delete("/me/onboarding/items/{item_id}")
def remove(item_id: UUID, side: Side, who: Who) -> bodies.Onboarding:
    """Take an item off its list."""
    onboarding.start(side.databases, side.reader, who.user_id)
    return _told(onboarding_corrections.remove(side.databases, who.user_id, item_id))


@routes.post("/me/onboarding/completion")
def complete(side: Side, who: Who) -> bodies.Completed:
    """Be done: the draft of needs and offers is written, to be approved or changed."""
    done = onboarding_completion.complete(side.databases, side.reader, who.user_id)
    return bodies.Completed(
        version=done.summary.version,
        status="approved" if done.summary.status == "approved" else "draft",
        public=done.public.text,
        withheld=done.public.withheld,
        lacking=done.lacking,
    )
