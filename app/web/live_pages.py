"""The stream by which an open page learns that something has changed."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from app.services import live_stream
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the stream."""

    @pages.member("/live")
    def live(visit: Visit) -> Response:
        stream = live_stream.events(visit.side.databases, visit.side.watch, visit.who)
        return StreamingResponse(
            stream, media_type="text/event-stream", headers=live_stream.HEADERS
        )
