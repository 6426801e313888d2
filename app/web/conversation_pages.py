"""Conversations: the list of them, and each one with its messages."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from starlette.responses import Response

from app.errors import ReciprocityError
from app.services import conversations, limits
from app.services.conversations import PAGE, Talk
from app.web.routes import Pages
from app.web.visits import Visit, whole_number


def register(pages: Pages) -> None:
    """Register the list of conversations, each conversation, and what is sent and read in it."""
    pages.member("/conversations")(_list)
    pages.member("/conversations/{match_id:uuid}")(_show)
    pages.member("/conversations/{match_id:uuid}", "POST")(_send)
    pages.member("/conversations/{match_id:uuid}/messages")(_messages)
    pages.member("/conversations/{match_id:uuid}/read", "POST")(_read)
    pages.member("/conversations/{match_id:uuid}/end", "POST")(_end)


def _list(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        found = conversations.of_member(backend, visit.who.user_id)
    return visit.page("conversations.html", talks=found)


def _values(visit: Visit, match_id: UUID) -> dict[str, Any]:
    """Read what the page shows, and note it as read."""
    me, before = visit.who.user_id, visit.number("before")
    with visit.side.databases.backend() as backend:
        messages = conversations.messages(backend, me, match_id, before=before)
        if messages:
            conversations.read(backend, me, match_id, messages[-1].number)
        talk = conversations.find(backend, me, match_id)
        opening = conversations.opening(backend, me, match_id)
        visit.unread = conversations.unread(backend, me)
    earlier = messages[0].number if messages and messages[0].number > 1 else None
    return {"talk": talk, "messages": messages, "opening": opening, "earlier": earlier}


def _show(visit: Visit, match_id: UUID) -> Response:
    body = visit.request.query_params.get("begin", "")[: conversations.LONGEST_MESSAGE]
    return visit.page(
        "conversation.html", problem="", key=uuid4(), body=body, **_values(visit, match_id)
    )


def _send(visit: Visit, match_id: UUID) -> Response:
    form, me = visit.form, visit.who.user_id
    by_script = visit.request.headers.get("x-live") == "1"
    try:
        limits.take(visit.side.databases, limits.MESSAGES, str(me))
        with visit.side.databases.backend() as backend:
            conversations.send(backend, me, match_id, form["body"], form["key"])
    except ReciprocityError as error:
        if by_script:
            raise
        values = _values(visit, match_id)
        return visit.problem(
            "conversation.html", error, key=form["key"] or uuid4(), body=form["body"], **values
        )
    if by_script:
        return _messages(visit, match_id)
    return visit.to(f"/conversations/{match_id}#end")


def _messages(visit: Visit, match_id: UUID) -> Response:
    me, after = visit.who.user_id, visit.number("after")
    with visit.side.databases.backend() as backend:
        found = conversations.messages(backend, me, match_id, after=after or 0, limit=PAGE)
        talk: Talk = conversations.find(backend, me, match_id)
    return visit.page("_messages.html", messages=found, talk=talk)


def _read(visit: Visit, match_id: UUID) -> Response:
    number = whole_number(visit.form["number"]) or 0
    with visit.side.databases.backend() as backend:
        conversations.read(backend, visit.who.user_id, match_id, number)
    return Response(status_code=204)


def _end(visit: Visit, match_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        conversations.end(backend, visit.who.user_id, match_id)
    return visit.to("/conversations", "conversation-ended")
