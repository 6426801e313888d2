"""Answer within a time, whatever else goes on: 503 with the seconds to wait, never a hang.

A process works on so many requests at the same time, and lets others stand in line for a moment:
after a restart all open pages come back at once. An answer that has not begun in time is given up
on: what works on it ends by its own time-outs.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem

log = logging.getLogger(__name__)

RETRY_AFTER: Final = "3"  # seconds
IN_LINE: Final = 5.0  # seconds
LONGEST_LINE: Final = 16  # requests in line for each that is worked on
_LOOKED_AT_BY_MACHINES: Final = ("/health/", "/metrics")
_BUSY: Final = "More is asked of this place than it can do right now. Try again in a few seconds."
_LATE: Final = "This took too long and was given up. Look whether it was done, then try again."


@dataclass(frozen=True, slots=True)
class Limits:
    """Say how many requests and open event streams one process takes, and seconds to an answer.

    `in_line` is how many seconds a request stands in line at most before its work begins.
    """

    requests: int
    streams: int
    patience: float
    in_line: float = IN_LINE


class Overload:
    """Refuse what is too much, and give up on what takes too long."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.places = asyncio.Semaphore(limits.requests)
        self.waiting = 0
        self.streaming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer where there is room for it."""
        if scope["type"] != "http" or scope["path"].startswith(_LOOKED_AT_BY_MACHINES):
            await self.app(scope, receive, send)
            return
        if not await self._place():
            log.warning("a request was refused: %d stand in line", self.waiting)
            await _refusal(scope, _BUSY)(scope, receive, send)
            return
        answer = _Answer(self, scope, receive, send)

        async def work() -> None:
            await self.app(scope, receive, answer.send)

        task = asyncio.create_task(work())
        answer.task = task
        task.add_done_callback(answer.over)
        try:
            await asyncio.wait({task}, timeout=self.limits.patience)
            if not task.done() and not answer.begun:
                await answer.give_up(_LATE)
            if not answer.given_up:
                await task
        except asyncio.CancelledError:
            task.cancel()
            if not answer.given_up:
                raise

    async def _place(self) -> bool:
        """Take a place as soon as one is free; say no where the line is too long or too slow."""
        if self.waiting >= LONGEST_LINE * self.limits.requests:
            return False
        self.waiting += 1
        try:
            await asyncio.wait_for(self.places.acquire(), self.limits.in_line)
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
        return True


class _Answer:
    """Follow one answer: its place among the requests or the streams is free when it is over."""

    def __init__(self, overload: Overload, scope: Scope, receive: Receive, send: Send) -> None:
        self.overload = overload
        self.scope, self.receive, self.inner = scope, receive, send
        self.begun = self.given_up = self.streams = False
        self.task: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Hand the answer on, unless it was given up."""
        if self.given_up:
            return
        if message["type"] == "http.response.start":
            kind = Headers(raw=message.get("headers", [])).get("content-type", "")
            if kind.startswith("text/event-stream") and not self._may_stream():
                await self.give_up(_BUSY)
                return
            self.begun = True
        await self.inner(message)

    def _may_stream(self) -> bool:
        if self.overload.streaming >= self.overload.limits.streams:
            return False
        self.streams = True
        self.overload.streaming += 1
        self.overload.places.release()
        return True

    async def give_up(self, why: str) -> None:
        """Answer in the application's place, and end its work where it can be ended."""
        self.given_up = True
        log.warning("given up on a request: %s", why)
        await _refusal(self.scope, why)(self.scope, self.receive, self.inner)
        if self.task is not None:
            self.task.cancel()

    def over(self, task: asyncio.Task[None]) -> None:
        """Free the place."""
        if self.streams:
            self.overload.streaming -= 1
        else:
            self.overload.places.release()
        if self.given_up and not task.cancelled() and task.exception() is not None:
            log.warning("what was given up on failed: %s", task.exception())


def _refusal(scope: Scope, why: str) -> Response:
    wait = {"Retry-After": RETRY_AFTER}
    if "text/html" in Headers(scope=scope).get("accept", ""):
        return PlainTextResponse(why, HTTPStatus.SERVICE_UNAVAILABLE, wait)
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", why, wait)
