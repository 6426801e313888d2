"""Start and stop Redis, the bell that wakes the worker: loopback, a password, nothing on disk."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded.account import Account
from app.embedded.binaries import RedisBinary
from app.embedded.errors import BrokerPortTakenError, ServerStartError
from app.embedded.placement import place_redis
from app.embedded.ports import LOOPBACK
from app.embedded.processes import POLL_SECONDS, ProcessIdentity, end, spawn, works_in


@dataclass
class RedisServer:
    """One Redis on one folder; what it holds may be lost, the outbox table has it too."""

    data: Path
    password: str = field(repr=False)
    binary: RedisBinary
    account: Account
    port: int = 0
    name: str = "redis"

    @property
    def log(self) -> Path:
        """Return the file the server writes its log to."""
        return self.data.parent / "logs" / f"{self.name}.log"

    @property
    def url(self) -> str:
        """Return the address for Celery, password included: never to be logged."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def identity(self) -> ProcessIdentity | None:
        """Return the running server's process, whoever started it."""
        try:
            text = (self.data / "redis.pid").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        if not text.isdigit() or not works_in(int(text), self.data):
            return None
        return ProcessIdentity.of(int(text))

    @property
    def pid(self) -> int | None:
        """Return the running server's process id."""
        identity = self.identity
        return None if identity is None else identity.pid

    def is_running(self) -> bool:
        """Tell whether a Redis runs on this folder."""
        return self.identity is not None

    def start(self, limit: float = 15.0) -> None:
        """Start Redis and return when it answers; one that answers on this port is left as it is.

        Raises BrokerPortTakenError where somebody else was quicker to take the port, and
        ServerStartError, with the end of the log, where it does not come up.
        """
        if self.is_running() and self._answers():
            return
        self.stop()
        (self.data / "redis.pid").unlink(missing_ok=True)
        placed = place_redis(self.binary, self.account)
        begin = self.log.stat().st_size if self.log.exists() else 0
        process = spawn(
            [str(placed.path), "-"],
            folder=self.data,
            log=self.log,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            account=self.account,
            feed=self._configuration(),
        )
        patience = time.monotonic() + limit
        while process.poll() is None and time.monotonic() < patience:
            if self.is_running() and self._answers():
                return
            time.sleep(POLL_SECONDS)
        self.stop()
        with self.log.open(encoding="utf-8", errors="replace") as written:
            written.seek(begin)
            tail = written.read()[-1000:].strip()
        if "Address already in use" in tail:
            raise BrokerPortTakenError(
                f"Port {self.port} was taken by another program while Redis started. Try again."
            )
        raise ServerStartError(f"Redis did not start. The end of its log {self.log}: {tail}")

    def _configuration(self) -> str:
        return (
            f"bind {LOOPBACK}\nport {self.port}\nprotected-mode yes\nrequirepass {self.password}\n"
            "pidfile redis.pid\n"
            'daemonize no\nsave ""\nappendonly no\n'
        )

    def _answers(self) -> bool:
        """Tell whether the server on the port knows our password."""
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 2) as to:
            to.sendall(f"AUTH {self.password}\r\n".encode())
            return to.recv(16).startswith(b"+OK")
        return False

    def stop(self, patience: float = 5.0) -> None:
        """Stop the server: a polite signal, then a kill."""
        identity = self.identity
        if identity is not None:
            end(identity, ((signal.SIGTERM, patience),))
