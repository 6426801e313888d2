"""Conversations, for programs; what changes is told as Server-Sent Events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from app.api.member import talk_bodies as bodies
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.api.member.pages import Cursor, Limit, page
from app.services import conversations, limits, live_stream

routes = APIRouter(route_class=Once)
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


def _talk(one: conversations.Talk) -> bodies.Talk:
    row = one.conversation
    return bodies.Talk(
        id=one.id,
        partner_id=row.partner_id,
        name=one.name,
        headline=one.headline,
        over=one.over,
        contact=bodies.Contact.model_validate(one.contact) if one.contact else None,
        last_number=row.last_number,
        my_read=row.my_read,
        their_read=row.their_read,
        unread=row.unread,
        last_at=row.last_at,
    )


@routes.get("/conversations")
def list_conversations(
    side: Side, who: Who, cursor: Cursor = None, limit: Limit = 20
) -> bodies.Talks:
    """List conversations, the one with the newest message first."""
    with side.databases.backend() as backend:
        talks = conversations.of_member(backend, who.user_id)
    found, following = page(talks, lambda one: (one.conversation.last_at, one.id), cursor, limit)
    return bodies.Talks(items=[_talk(one) for one in found], next=following)


@routes.get("/conversations/{match_id}")
def conversation(match_id: UUID, side: Side, who: Who) -> bodies.Talk:
    """Give one conversation."""
    with side.databases.backend() as backend:
        return _talk(conversations.find(backend, who.user_id, match_id))


@routes.get("/conversations/{match_id}/messages")
def messages(
    match_id: UUID,
    side: Side,
    who: Who,
    after: Number = None,
    before: Number = None,
    limit: Annotated[int, Query(ge=1, le=200)] = conversations.PAGE,
) -> bodies.Messages:
    """List messages in their order: after a number, before one, or the last."""
    with side.databases.backend() as backend:
        found = conversations.messages(
            backend, who.user_id, match_id, after=after, before=before, limit=limit
        )
    return bodies.Messages(items=[bodies.Message.model_validate(one) for one in found])


@routes.post("/conversations/{match_id}/messages", status_code=201)
def send(
    match_id: UUID,
    body: bodies.NewMessage,
    side: Side,
    who: Who,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=100)],
) -> bodies.Message:
    """Write a message; the same Idempotency-Key again gives the message that was written."""
    limits.take(side.databases, limits.MESSAGES, str(who.user_id))
    with side.databases.backend() as backend:
        sent = conversations.send(backend, who.user_id, match_id, body.body, idempotency_key)
    return bodies.Message.model_validate(sent)


@routes.put("/conversations/{match_id}/read", status_code=204)
def read(match_id: UUID, body: bodies.ReadMark, side: Side, who: Who) -> None:
    """Say up to which message was read."""
    with side.databases.backend() as backend:
        conversations.read(backend, who.user_id, match_id, body.number)


@routes.delete("/conversations/{match_id}", status_code=204)
def end(match_id: UUID, side: Side, who: Who) -> None:
    """End a conversation for both; the other can still read it."""
    with side.databases.backend() as backend:
        conversations.end(backend, who.user_id, match_id)


@routes.get("/events", response_class=StreamingResponse)
def events(side: Side, who: Who) -> StreamingResponse:
    """Listen: `changed` with the unread count at each change, `beat` between, `signed-out` last."""
    stream = live_stream.events(side.databases, side.watch, who)
    return StreamingResponse(stream, media_type="text/event-stream", headers=live_stream.HEADERS)
