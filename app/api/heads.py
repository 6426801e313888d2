"""Bound what comes before a request's body: the HTTP parser itself takes headers of any length."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 64 * 1024  # bytes, and what one read from the socket brings besides


class BoundedHeads(HttpToolsProtocol):
    """Be the server's HTTP protocol, which closes on a request line and headers that never end.

    They are read before any of the application's limits sees the request.
    """

    _in_head = False
    _head = 0

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head that these bytes went into is too long already."""
        went_on = self._in_head
        super().data_received(data)
        if not (went_on and self._in_head):
            return
        self._head += len(data)
        if self._head > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        """Count anew: another request begins."""
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count no more: what follows is the body, which the application bounds."""
        self._in_head = False
        super().on_headers_complete()
