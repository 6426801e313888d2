"""Carry a POST out once for each Idempotency-Key, and answer the same again for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from app.api.member.gate import place_of, side_of
from app.errors import ReciprocityError
from app.services import idempotency, sessions
from app.services.idempotency import LONGEST_KEY, Answer, Call
from app.services.steps import Databases

LARGEST: Final = 11 * 1024 * 1024  # bytes: the largest file, and what a form puts around it
_ANSWERS: Final = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TooLargeError(ReciprocityError):
    """More was sent than anything here takes."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _documented(
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=LONGEST_KEY,
            description="The same key again within a day gives the same answer, and does nothing.",
            examples=["5f0c9a52-3c1e-4b0e-9e1c-2f6f6d5e7a10"],
        ),
    ] = None,
) -> None:
    """Say in the schema that the header is taken."""


_DOCUMENTED: Final = Depends(_documented)


class Once(APIRoute):
    """Be a route whose POST is carried out once for each key that a caller sends."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        wanted = list(more.get("dependencies") or ())
        if "POST" in (more.get("methods") or ()) and _DOCUMENTED not in wanted:
            more["dependencies"] = [*wanted, _DOCUMENTED]
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        """Put the look at the key around what FastAPI does."""
        handler = super().get_route_handler()

        async def once(request: Request) -> Response:
            _check_length(request)
            key = request.headers.get("idempotency-key")
            if request.method != "POST" or key is None:
                return await handler(request)
            return await _once(request, key, handler)

        return once


def _check_length(request: Request) -> None:
    length = request.headers.get("content-length", "")
    chunked = "transfer-encoding" in request.headers and not length
    if chunked or (length.isdigit() and int(length) > LARGEST):
        raise TooLargeError(
            f"At most {LARGEST // 2**20} MB are taken at once, with their Content-Length told."
        )


async def _once(request: Request, key: str, handler: Handler) -> Response:
    databases = side_of(request).databases
    call = await run_in_threadpool(_call, databases, request, key, await request.body())
    if call is None:
        return await handler(request)
    known = await run_in_threadpool(idempotency.begin, databases, call)
    if known is not None:
        told = {"Idempotent-Replayed": "true"}
        kind = known.kind or None
        return Response(known.body, status_code=known.status, media_type=kind, headers=told)
    try:
        response = await handler(request)
    except BaseException:
        await run_in_threadpool(idempotency.abandon, databases, call)
        raise
    if response.status_code not in _ANSWERS:
        await run_in_threadpool(idempotency.abandon, databases, call)
        return response
    answer = Answer(response.status_code, response.media_type or "", bytes(response.body))
    secret = request.url.path.endswith("/sessions")
    await run_in_threadpool(idempotency.finish, databases, call, answer, secret=secret)
    return response


def _call(databases: Databases, request: Request, key: str, body: bytes) -> Call | None:
    """Name the call; None for a token that lets nobody in, which the route itself refuses."""
    kind = request.headers.get("content-type", "")
    bare, _, boundary = kind.partition("boundary=")
    if boundary:  # a form with a file is cut by a mark that is made up each time
        body = body.replace(boundary.strip('"').encode(), b"")
    asked = (request.method, request.url.path, request.url.query, bare)
    fingerprint = hashlib.sha256(repr(asked).encode() + body).digest()
    carried = request.headers.get("authorization", "")
    if not carried:
        place = f"place {place_of(request)}"
        return Call(hashlib.sha256(place.encode()).digest(), key, fingerprint)
    with databases.backend() as backend:
        found = sessions.find(backend, carried.partition(" ")[2].strip(), "bearer")
    if found is None:
        return None
    member = f"member {found.user_id}"
    return Call(hashlib.sha256(member.encode()).digest(), key, fingerprint, found.user_id)
