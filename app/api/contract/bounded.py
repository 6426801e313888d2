"""Take no more of a body than any call of the contract needs: it is read before the key is looked at."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

LARGEST: Final = 6 * 1024 * 1024  # bytes: a résumé of 5 MB, and what a form puts around it


class Bounded(APIRoute):
    """Be a route that stops reading a body that is too large, whatever its length was said to be."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Count what is read, ahead of what FastAPI does with it."""
        handler = super().get_route_handler()
        if self.body_field is None:  # nothing is read
            return handler

        async def bounded(request: Request) -> Response:
            told = request.headers.get("content-length", "")
            if told.isdigit() and int(told) > LARGEST:
                raise _too_large()
            return await handler(Request(request.scope, _counted(request)))

        return bounded


def _counted(request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > LARGEST:
            raise _too_large()
        return message

    return receive


def _too_large() -> HTTPException:
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"At most {LARGEST // 2**20} MB are taken at once; send less.",
    )
