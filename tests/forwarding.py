"""A second address for a server: whatever arrives there is handed on, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _join(inner: socket.socket, target: tuple[str, int]) -> None:
    with inner, socket.create_connection(target) as outer:
        back = threading.Thread(target=_pump, args=(outer, inner), daemon=True)
        back.start()
        _pump(inner, outer)
        back.join()


def _accept(listener: socket.socket, target: tuple[str, int]) -> None:
    with listener, contextlib.suppress(OSError):
        while True:
            inner, _ = listener.accept()
            threading.Thread(target=_join, args=(inner, target), daemon=True).start()


@contextlib.contextmanager
def forwarded(to_port: int, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Listen on an address and hand everything on to a port of 127.0.0.1; give the port listened on."""
    listener = socket.create_server((host, port))
    accepting = threading.Thread(
        target=_accept, args=(listener, ("127.0.0.1", to_port)), daemon=True
    )
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
