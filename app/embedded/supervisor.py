"""Run everything from one command until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from socket import socket
from types import FrameType

from app.embedded.embedded import Embedded
from app.embedded.errors import DataFolderError, EmbeddedError
from app.embedded.ports import LOOPBACK, take
from app.embedded.processes import ProcessIdentity, end_session, wait_until_gone
from app.embedded.programs import (
    MIGRATE,
    Program,
    child_environment,
    default_programs,
    run_to_end,
)
from app.embedded.state import Ports

_LOOK_SECONDS = 0.25
_WINDOW_SECONDS = 60.0
_DEATHS_ALLOWED = 5
_LONGEST_PAUSE = 10.0
_ORPHAN_PATIENCE = 10.0
_DOWN_SECONDS = 90.0


class AlreadyRunningError(EmbeddedError):
    """Another command supervises this folder; that is an answer, not a failure."""

    code = "embedded_already_running"


@dataclass
class _Watched:
    """One service with the times at which it died."""

    name: str
    is_running: Callable[[], bool]
    start: Callable[[], None]
    deaths: deque[float] = field(default_factory=deque)
    resume_at: float | None = None


class Supervisor:
    """Start servers, migration and programs, keep them alive, stop them in order.

    `programs` are the API and the worker unless others are given; an empty list with
    `migrate=None` runs the servers only.
    """

    def __init__(
        self,
        embedded: Embedded,
        *,
        programs: Sequence[Program] | None = None,
        migrate: Sequence[str] | None = MIGRATE,
    ) -> None:
        self.embedded = embedded
        self.programs = list(default_programs() if programs is None else programs)
        self.migrate = migrate
        self.stopping = threading.Event()
        self._environment: dict[str, str] = {}
        self._watched: list[_Watched] = []
        self._at: socket | None = None  # where the API answers, whichever process is the API

    def run(
        self,
        *,
        listen: str = LOOPBACK,
        ports: Ports | None = None,
        any_port: bool = False,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP, then stop everything and return.

        Raises AlreadyRunningError where another command supervises the folder, and EmbeddedError
        where something does not start or keeps dying; then everything is stopped too.
        """
        with self._signals():
            with self.embedded.home.locked():
                self._refuse_second()
                try:
                    self._start(listen, ports or Ports(), any_port=any_port)
                except BaseException:
                    self._stop()
                    raise
            try:
                if not self.stopping.is_set():
                    on_ready()
                while not self.stopping.wait(_LOOK_SECONDS):
                    for watched in self._watched:
                        self._tend(watched)
            finally:
                home = self.embedded.home
                with home.locked() if home.root.is_dir() else nullcontext():
                    self._stop()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn the signals that ask for an end into a flag that is looked at between steps."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # else under nohup
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, ask) for number in numbers}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def _refuse_second(self) -> None:
        state = self.embedded.reload()
        if state.supervisor is not None and state.supervisor_runs():
            raise AlreadyRunningError(
                f"Already running in {self.embedded.home.root} (process {state.supervisor.pid}). "
                "`reciprocity status` shows it, `reciprocity down` stops it."
            )

    def _start(self, listen: str, ports: Ports, *, any_port: bool) -> None:
        embedded, begin = self.embedded, time.monotonic()
        _ = embedded.servers  # makes the folder the state goes into
        end_orphans(embedded)
        state = embedded.state
        state.supervisor = ProcessIdentity.of(os.getpid())
        state.phase = "starting"
        embedded.remember()
        self._claim_api(listen, ports, any_port=any_port)
        embedded.start_locked(listen=listen, ports=ports, any_port=any_port)
        self._environment = child_environment(embedded.environment(), embedded.home.root)
        self._watch_servers()
        if self.migrate and not self.stopping.is_set():
            self._migrate(self.migrate)
        for program in self.programs:
            if not self.stopping.is_set():
                self._start_program(program)
        if not self.stopping.is_set():
            state.phase = "ready"
            embedded.remember()
            embedded.say(f"Everything runs after {time.monotonic() - begin:.1f} s.")

    def _claim_api(self, listen: str, ports: Ports, *, any_port: bool) -> None:
        state = self.embedded.state
        if not any(program.port_variable == "API_PORT" for program in self.programs):
            return
        self._at = take(
            "the API",
            ports.api,
            address=listen,
            any_port=any_port,
            say=self.embedded.say,
            previous=state.ports.api,
        )
        state.ports = replace(state.ports, api=self._at.getsockname()[1])

    def _migrate(self, command: Sequence[str]) -> None:
        begin = time.monotonic()
        log = self.embedded.home.logs / "migrate.log"
        run_to_end(command, self._environment, log, self.stopping)
        self.embedded.say(f"migrate  both databases, done in {time.monotonic() - begin:.1f} s")

    def _start_program(self, program: Program) -> None:
        begin = time.monotonic()
        self._launch(program)
        program.wait_until_ready(self._environment, self.stopping)
        watched = _Watched(program.name, program.is_running, lambda: self._launch(program))
        self._watched.append(watched)
        where = ""
        if program.port_variable:
            state = self.embedded.state
            where = f" on http://{reachable(state.listen)}:{self._environment['API_PORT']}"
        took = time.monotonic() - begin
        self.embedded.say(f"{program.name:<8} started{where}, {took:.1f} s")

    def _launch(self, program: Program) -> None:
        embedded = self.embedded
        at = self._at if program.port_variable else None
        program.start(self._environment, embedded.home.logs / f"{program.name}.log", at)
        if program.identity is not None:
            embedded.state.processes[program.name] = program.identity
        embedded.remember()

    def _watch_servers(self) -> None:
        for server in self.embedded.servers.values():
            self._watched.append(_Watched(server.name, server.is_running, server.start))

    def _tend(self, watched: _Watched) -> None:
        """Start a service again that died, after a pause that grows; give up on one that won't."""
        now = time.monotonic()
        if watched.resume_at is None:
            if watched.is_running():
                return
            watched.deaths.append(now)
            while watched.deaths[0] < now - _WINDOW_SECONDS:
                watched.deaths.popleft()
            if not self.embedded.home.state.exists():
                raise DataFolderError(
                    f"{self.embedded.home.root} was removed while its servers ran, so everything "
                    "is stopped. Run `reciprocity down` before you remove a folder."
                )
            log = self.embedded.home.logs / f"{watched.name}.log"
            if len(watched.deaths) > _DEATHS_ALLOWED:
                raise EmbeddedError(
                    f"{watched.name} died {len(watched.deaths)} times within a minute, so "
                    f"everything is stopped. Its log {log} says why."
                )
            pause = min(0.25 * 2 ** (len(watched.deaths) - 1), _LONGEST_PAUSE)
            self.embedded.say(f"{watched.name:<8} died and is started again (its log: {log})")
            watched.resume_at = now + pause
        if now >= watched.resume_at:
            watched.resume_at = None
            watched.start()
            self.embedded.remember()

    def _stop(self) -> None:
        begin = time.monotonic()
        for program in self.programs:
            program.stop()
            self.embedded.state.processes.pop(program.name, None)
        if self._at is not None:
            self._at.close()
        self.embedded.stop_locked()
        self.embedded.say(f"Everything is stopped, {time.monotonic() - begin:.1f} s.")


def end_orphans(embedded: Embedded) -> None:
    """End the API and worker of a command that was killed; its servers are taken over."""
    for name in set(embedded.state.processes) - set(embedded.servers):
        orphan = embedded.state.processes.pop(name)
        if orphan.is_alive():
            embedded.say(f"{name:<8} left over by a killed command, is stopped")
            end_session(orphan, _ORPHAN_PATIENCE)


def bring_down(embedded: Embedded) -> bool:
    """Stop whatever runs on a folder, whoever started it; tell whether anything did.

    Raises EmbeddedError where the command that supervises it does not end.
    """
    state = embedded.reload()
    if state.supervisor is not None and state.supervisor_runs():
        try:
            os.kill(state.supervisor.pid, signal.SIGTERM)
        except PermissionError as error:
            raise EmbeddedError(
                f"Process {state.supervisor.pid} supervises {embedded.home.root} and belongs to "
                "another user. Stop it as that user, or with sudo."
            ) from error
        if not wait_until_gone(state.supervisor, _DOWN_SECONDS):
            raise EmbeddedError(
                f"Process {state.supervisor.pid} was asked to stop {_DOWN_SECONDS:.0f} s ago and "
                f"still runs. See {embedded.home.logs}, or `kill -9` it and repeat this command."
            )
        embedded.reload()
        return True
    with embedded.home.locked():
        embedded.reload()
        ran = any(server.is_running() for server in embedded.servers.values())
        ran = ran or any(one.is_alive() for one in embedded.state.processes.values())
        end_orphans(embedded)
        embedded.stop_locked()
    return ran


def reachable(listen: str) -> str:
    """Return the address at which this machine reaches what listens there."""
    return LOOPBACK if listen in {"0.0.0.0", "::"} else listen  # noqa: S104 - compared, not bound
