"""Give a server a second address, as a pooler or the network of containers would."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def handed_on(to_port: int, host: str = "127.0.0.2") -> Iterator[int]:
    """Listen on another address and hand on to a port of 127.0.0.1; give the port listened on."""
    listener = socket.create_server((host, 0))
    thread = threading.Thread(target=_accept, args=(listener, to_port), daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener: socket.socket, to_port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            inner, _ = listener.accept()
            outer = socket.create_connection(("127.0.0.1", to_port))
            for one, two in ((inner, outer), (outer, inner)):
                threading.Thread(target=_pump, args=(one, two), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
