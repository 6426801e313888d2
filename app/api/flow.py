"""Watch a request's connections together, whichever threads its handlers run in."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from app.databases.transactions import begin_flow


class OneFlowForEachRequest:
    """Begin a flow of work for each request, before its handlers are sent to threads."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin the flow, then let the application answer."""
        if scope["type"] in {"http", "websocket"}:
            begin_flow()
        await self.app(scope, receive, send)
