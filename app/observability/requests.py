"""Give each request an id, measure it, and write one line about it that names no member."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observability import correlation, tracing

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
_WORD: Final = re.compile(r"[a-z][a-z0-9]{0,11}\Z")
Answered = Callable[[str, str, int, float], None]


class Requests:
    """Be the outermost layer: whatever is logged inside carries the request's id."""

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        self.app = app
        self.answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and note how it did."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun = HTTPStatus.INTERNAL_SERVER_ERROR.value, time.perf_counter()
        given = correlation.accepted(Headers(scope=scope).get(HEADER))

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = given
            await send(message)

        with correlation.holding("request", given), tracing.span("request") as span:
            try:
                await self.app(scope, receive, answer)
            finally:
                seconds = time.perf_counter() - begun
                route, method = route_of(scope), scope["method"]
                span.name(f"{method} {route}", status=status)
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.fail(str(status))
                self.answered(method, route, status, seconds)
                log.info(
                    "%s %s %d in %.0f ms",
                    *(method, route, status, seconds * 1000),
                    extra={"route": route, "status": status, "seconds": round(seconds, 4)},
                )


def route_of(scope: Scope) -> str:
    """Name the route that answered by its template: a path may hold a member's id."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if isinstance(template, str) and template:
        return _prefix(scope["path"], template) + template
    endpoint = scope.get("endpoint")
    return (
        getattr(endpoint, "__qualname__", None) or type(endpoint).__name__ if endpoint else "none"
    )


def _prefix(path: str, template: str) -> str:
    """Give what routers around a route put before its template; nothing that may be an id."""
    if "{path}" in template:  # it takes any number of segments, whatever a caller writes there
        return ""
    segments = path.split("/")
    before = segments[1 : len(segments) - template.count("/")]
    return "".join(f"/{one}" for one in before) if all(map(_WORD.match, before)) else ""
