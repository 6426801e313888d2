"""The platform's own processes that run beside the servers: migration, API and worker."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from app import following, listening
from app.embedded.account import Account
from app.embedded.errors import EmbeddedError, ServerStartError
from app.embedded.home import VARIABLE, project_folder
from app.embedded.ports import LOOPBACK
from app.embedded.processes import POLL_SECONDS, ProcessIdentity, end_session, spawn
from app.embedded.provisioning import without_driver_variables

READY_SECONDS = 60.0
_COMMAND = (sys.executable, "-m", "app.cli.main")


@dataclass
class Program:
    """A process to keep alive; `port_variable` names the variable that holds its port."""

    name: str
    command: Sequence[str]
    port_variable: str | None = None
    stop_patience: float = 10.0
    identity: ProcessIdentity | None = None
    _log: Path | None = field(default=None, repr=False)

    def is_running(self) -> bool:
        """Tell whether the process that was started still lives."""
        return self.identity is not None and self.identity.is_alive()

    def start(self, environment: Mapping[str, str], log: Path, at: socket | None = None) -> None:
        """Start the process, which answers at this socket; raise ServerStartError if it ends at once."""
        self._log = log
        told = {following.VARIABLE: str(os.getpid())}
        if at is not None:
            told[listening.VARIABLE] = str(at.fileno())
        process = spawn(
            self.command,
            folder=project_folder(),
            log=log,
            environment={**environment, **told},
            account=Account.current(),
            keep=[] if at is None else [at.fileno()],
        )
        self.identity = ProcessIdentity.of(process.pid)
        if self.identity is None:
            raise ServerStartError(f"{self.name} ended at once. {self.tail()}")

    def wait_until_ready(self, environment: Mapping[str, str], stopping: threading.Event) -> None:
        """Return when the process answers on its port; at once where it has none.

        Raises ServerStartError, with the end of the log, where it ends or stays silent.
        """
        if self.port_variable is None:
            return
        port = int(environment[self.port_variable])
        limit = time.monotonic() + READY_SECONDS
        while not stopping.is_set():
            if not self.is_running():
                raise ServerStartError(f"{self.name} ended while starting. {self.tail()}")
            if _answers(port):
                return
            if time.monotonic() > limit:
                raise ServerStartError(
                    f"{self.name} does not answer on port {port} after {READY_SECONDS:.0f} s. "
                    f"{self.tail()}"
                )
            time.sleep(POLL_SECONDS * 2)

    def stop(self) -> None:
        """End the process and its children: a polite signal, then a kill."""
        if self.identity is not None:
            end_session(self.identity, self.stop_patience)
            self.identity = None

    def tail(self) -> str:
        """Return a sentence with the last lines of the log."""
        if self._log is None or not self._log.exists():
            return "It wrote no log."
        text = self._log.read_text(encoding="utf-8", errors="replace").strip()
        return f"The end of its log {self._log}:\n" + "\n".join(text.splitlines()[-15:])


def _answers(port: int) -> bool:
    """Tell whether somebody answers by HTTP; that the port is listened on says less."""
    asked = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        asked.request("GET", "/health/live")
        asked.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
    return True


def default_programs() -> list[Program]:
    """Return the API and the worker."""
    return [
        Program("api", [*_COMMAND, "serve"], port_variable="API_PORT"),
        Program("worker", [*_COMMAND, "worker"]),
    ]


MIGRATE: Sequence[str] = (*_COMMAND, "migrate")


def child_environment(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the caller's environment with these servers' addresses and no PG* variable."""
    inherited = without_driver_variables(dict(os.environ))
    return inherited | dict(variables) | {VARIABLE: str(home), "PYTHONUNBUFFERED": "1"}


def run_to_end(
    command: Sequence[str], environment: Mapping[str, str], log: Path, stopping: threading.Event
) -> None:
    """Run a step to its end; raise EmbeddedError with what it wrote to stderr where it fails."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=project_folder(),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    answer: list[bytes] = []
    reader = threading.Thread(target=lambda: answer.append(process.communicate()[1]))
    reader.start()
    while reader.is_alive() and not stopping.is_set():
        reader.join(POLL_SECONDS)
    if reader.is_alive():
        process.terminate()  # a migration is one transaction: it is undone
        reader.join()
        return
    errors = b"".join(answer).decode(errors="replace").strip()
    with log.open("a", encoding="utf-8") as output_text:
        output_text.write(errors + "\n" if errors else "")
    if process.returncode != 0:
        raise EmbeddedError(
            f"`{' '.join(command[1:])}` ended with code {process.returncode}; the servers are "
            f"stopped again. It said:\n{errors or f'nothing; see {log}'}"
        )
