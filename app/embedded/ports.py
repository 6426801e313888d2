"""Take a port, or say who has it and what to do."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable
from pathlib import Path

from app.embedded.errors import EmbeddedError, PortTakenError

LOOPBACK = "127.0.0.1"
_PROC = Path("/proc")
_LISTENING = "0A"
_INODE_FIELD = 9
_TRIES = 20


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there.

    On loopback the IPv6 side is asked too: `psql -h localhost` tries ::1 first, and somebody
    listening there would answer in the place of our server.
    """
    addresses = {address, LOOPBACK, "::1"}
    return all(_can_bind(port, each, required=each == address) for each in sorted(addresses))


def _can_bind(port: int, address: str, *, required: bool) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        if required:
            raise EmbeddedError(
                f"Nothing can listen on {address} port {port}: {error.strerror}. "
                "Give an address of this machine, and a port above 1023 where you are not root."
            ) from error
    return True


def any_free(address: str = LOOPBACK) -> int:
    """Return a port nobody listens on at this moment."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if is_free(port, address):
            return port


def claim(
    service: str,
    port: int,
    *,
    address: str,
    any_port: bool,
    say: Callable[[str], None],
    previous: int | None = None,
) -> int:
    """Return the port the service shall listen on; 0 asks for any free one.

    Raises PortTakenError, naming the holder where that can be known, unless any port will do;
    then the one of last time is preferred, and the change is said.
    """
    if port == 0:
        return any_free(address)
    if is_free(port, address):
        return port
    who = holder(port)
    if not any_port:
        raise PortTakenError(
            f"Port {port}, where {service} should listen, is taken by {who or 'another program'}. "
            "Stop that program, or let `reciprocity up --any-port` take a free port."
        )
    other = previous if previous and is_free(previous, address) else any_free(address)
    say(f"Port {port} is taken by {who or 'another program'}: {service} listens on {other}.")
    return other


def take(
    service: str,
    port: int,
    *,
    address: str,
    any_port: bool,
    say: Callable[[str], None],
    previous: int | None = None,
) -> socket.socket:
    """Claim a port and listen there at once, so that nobody else can claim it meanwhile.

    Raises PortTakenError as `claim` does, and where others are quicker again and again.
    """
    for _ in range(_TRIES):
        chosen = claim(
            service, port, address=address, any_port=any_port, say=say, previous=previous
        )
        at = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            at.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if at.family == socket.AF_INET6:
                at.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as it was asked for
            at.bind((address, chosen))
            at.listen()
        except OSError as error:
            at.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return at
    raise PortTakenError(
        f"Each port that was free for {service} on {address} was taken a moment later. Try again."
    )


def holder(port: int) -> str | None:
    """Describe the process that listens on a port, None where this user cannot know.

    Its name and folder only: the command line of somebody else's program may hold a secret.
    """
    inodes = _listening_inodes(port)
    if not inodes or not _PROC.is_dir():
        return None
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and inodes & _socket_inodes(entry):
            return _describe(entry)
    return None


def _listening_inodes(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("net/tcp", "net/tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                local_port = int(fields[1].rpartition(":")[2], 16)
                if fields[3] == _LISTENING and local_port == port:
                    found.add(f"socket:[{fields[_INODE_FIELD]}]")
    return found


def _socket_inodes(process: Path) -> set[str]:
    links: set[str] = set()
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                links.add(str(descriptor.readlink()))
    return links


def _describe(process: Path) -> str:
    name = "a program"
    with contextlib.suppress(OSError):
        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    with contextlib.suppress(OSError):
        return f"process {process.name} ({name}, working in {(process / 'cwd').readlink()})"
    return f"process {process.name} ({name})"
