"""The embedded default as a library: two PostgreSQL servers and a Redis on one data folder."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from app.embedded.account import Account
from app.embedded.binaries import find_postgres, find_redis
from app.embedded.broker import RedisServer
from app.embedded.errors import (
    BrokerPortTakenError,
    EmbeddedError,
    NotRunningError,
    PortTakenError,
)
from app.embedded.home import Home
from app.embedded.placement import place_postgres
from app.embedded.ports import LOOPBACK, claim
from app.embedded.postgres import PostgresServer, is_loopback
from app.embedded.postmaster import read_postmaster
from app.embedded.processes import end
from app.embedded.provisioning import (
    AI_DATABASE,
    AI_PASSWORD,
    AI_SUPERUSER,
    AI_USER,
    BACKEND_DATABASE,
    BACKEND_PASSWORD,
    BACKEND_SUPERUSER,
    provision_ai,
    provision_backend,
)
from app.embedded.state import Ports, State, load_state

BROKER_VARIABLE = "CELERY_BROKER_URL"
_PORT_ATTEMPTS = 3

Server = PostgresServer | RedisServer


def _silent(_line: str) -> None:
    """Say nothing."""


def _broker_of_the_caller(home: Home) -> str | None:
    """Return the broker that the environment names, None for our own of this folder.

    A shell that took over `reciprocity env` names ours; it must still be started and stopped.
    """
    given = os.environ.get(BROKER_VARIABLE, "").strip()
    return given if given and not home.holds_secret_in(given) else None


class Embedded:
    """The servers of one data folder.

    `major` chooses PostgreSQL's version, `settings` go to both servers (`{"fsync": "off"}` for
    throw-away data), `say` receives a line for each step. A broker named by CELERY_BROKER_URL is
    used in the place of a Redis of ours; `broker=False` does without one.
    """

    def __init__(
        self,
        home: Path,
        *,
        major: int | None = None,
        settings: Mapping[str, str] | None = None,
        broker: bool = True,
        say: Callable[[str], None] = _silent,
    ) -> None:
        self.home = Home(home.resolve())
        self.say = say
        self.state = load_state(self.home.state)
        self._major = major
        self._settings = dict(settings or {})
        self._external_broker = _broker_of_the_caller(self.home)
        self._with_broker = broker and self._external_broker is None
        self._servers: dict[str, Server] = {}

    @property
    def backend(self) -> PostgresServer:
        """Return the backend server."""
        return self._postgres("backend")

    @property
    def ai(self) -> PostgresServer:
        """Return the AI server."""
        return self._postgres("ai")

    @property
    def broker(self) -> RedisServer | None:
        """Return our Redis, None where another broker is used or none is wanted."""
        server = self.servers.get("redis")
        return server if isinstance(server, RedisServer) else None

    @property
    def servers(self) -> dict[str, Server]:
        """Return the servers by name, built on first use; finding binaries may raise."""
        if not self._servers:
            self._servers = self._build(self.home.account(self.say))
        return self._servers

    def _postgres(self, name: str) -> PostgresServer:
        server = self.servers[name]
        if not isinstance(server, PostgresServer):
            raise EmbeddedError(f"{name} is not a PostgreSQL server.")
        return server

    def _build(self, account: Account) -> dict[str, Server]:
        self.home.create(account)
        binaries = find_postgres(self._major)
        ai_password = self.home.secret("ai_superuser")
        servers: dict[str, Server] = {
            name: PostgresServer(
                name,
                getattr(self.home, name),
                superuser,
                password,
                binaries,
                account,
                settings=self._settings,
                port=getattr(self.state.ports, name),
            )
            for name, superuser, password in (
                ("backend", BACKEND_SUPERUSER, BACKEND_PASSWORD),
                ("ai", AI_SUPERUSER, ai_password),
            )
        }
        for server in servers.values():
            running = read_postmaster(server.data)
            server.port = server.port if running is None else running.port
        if self._with_broker:
            password = self.home.secret("redis")
            port = self.state.ports.redis
            servers["redis"] = RedisServer(self.home.redis, password, find_redis(), account, port)
        return servers

    def start(
        self, *, listen: str = LOOPBACK, ports: Ports | None = None, any_port: bool = False
    ) -> None:
        """Start what does not run yet, all at once, with databases, roles and the extension.

        Servers that already run on the folder are used as they are. Raises EmbeddedError; the
        servers that this call started are stopped again.
        """
        with self.home.locked():
            self.start_locked(listen=listen, ports=ports or Ports(), any_port=any_port)

    def start_locked(self, *, listen: str, ports: Ports, any_port: bool) -> None:
        """Do what `start` does for a caller who holds the folder's lock already."""
        if not any(server.is_running() for server in self.servers.values()):
            self.state.listen = listen
        self._announce_access()
        self._place_programs()
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self._claim_ports(ports, any_port=any_port)
            try:
                self._start_together()
            except PortTakenError as error:
                # Somebody took it between the look and the start; another one may do.
                free_choice = any_port or 0 in {ports.backend, ports.ai}
                free_choice = free_choice or isinstance(error, BrokerPortTakenError)
                if not free_choice or attempt == _PORT_ATTEMPTS:
                    raise
            else:
                break
        self.remember()

    def _announce_access(self) -> None:
        if not is_loopback(self.state.listen):
            self.say(
                f"Warning: the servers listen on {self.state.listen}. Their passwords are printed "
                "in the documentation, and the backend's role may run programs on this machine: "
                "whoever can reach the ports owns it. Redis stays on loopback."
            )

    def _place_programs(self) -> None:
        # Once, before both servers ask for it at the same time.
        for server in self.servers.values():
            if isinstance(server, PostgresServer):
                place_postgres(server.binaries, server.account)

    def _claim_ports(self, ports: Ports, *, any_port: bool) -> None:
        for name, server in self.servers.items():
            if server.is_running():
                continue
            redis = name == "redis"
            server.port = claim(
                f"the {name} server",
                getattr(ports, name),
                address=LOOPBACK if redis else self.state.listen,
                # No document promises Redis's port, so a free one is as good.
                any_port=any_port or redis,
                say=self.say,
                previous=getattr(self.state.ports, name),
            )

    def _start_together(self) -> None:
        fresh = [server for server in self.servers.values() if not server.is_running()]
        with ThreadPoolExecutor(len(self.servers)) as pool:
            jobs = [pool.submit(self._start_one, server) for server in self.servers.values()]
        errors = [error for error in (job.exception() for job in jobs) if error is not None]
        if errors:
            self._stop_together(fresh)
            # One that is not about a port cannot be helped by another port.
            raise next((e for e in errors if not isinstance(e, PortTakenError)), errors[0])

    def _start_one(self, server: Server) -> None:
        begin = time.monotonic()
        found, made = server.is_running(), False
        if isinstance(server, PostgresServer):
            server.listen = self.state.listen
            made = server.initialise()
            server.start()
            provision = {"backend": provision_backend, "ai": provision_ai}[server.name]
            provision(server)
            kind = f"PostgreSQL {server.binaries.major}"
        else:
            server.start()
            kind = "Redis"
        how = "runs already" if found else f"ready in {time.monotonic() - begin:.1f} s"
        new = f", new data folder {server.data}" if made else ""
        self.say(f"{server.name:<8} {kind} on {LOOPBACK}:{server.port}, {how}{new}")

    def remember(self) -> None:
        """Write ports and processes of what runs now into the folder."""
        known = {name: server.port for name, server in self.servers.items() if server.port}
        self.state.ports = replace(self.state.ports, **known)
        for name, server in self.servers.items():
            identity = server.identity
            if identity is not None:
                self.state.processes[name] = identity
        if self.state.supervisor is None and self.state.processes:
            self.state.phase = "ready"
        self.state.save(self.home.state)

    def reload(self) -> State:
        """Read the state again, as another process may have changed it."""
        self.state = load_state(self.home.state)
        return self.state

    def stop(self) -> None:
        """Stop the servers and return when they are gone."""
        with self.home.locked():
            self.stop_locked()

    def stop_locked(self) -> None:
        """Do what `stop` does for a caller who holds the folder's lock already."""
        redis = [server for server in self.servers.values() if isinstance(server, RedisServer)]
        self._stop_together(redis)
        self._stop_together(s for s in self.servers.values() if s not in redis)
        for name in self.servers:
            known = self.state.processes.pop(name, None)
            if known is not None:  # its lock file is gone with the folder, it itself may not be
                end(known, ((signal.SIGINT, 20.0),))
        self.state.phase = "stopped"
        self.state.supervisor = None
        if self.home.root.is_dir():
            self.state.save(self.home.state)

    def _stop_together(self, servers: Iterable[Server]) -> None:
        with ThreadPoolExecutor(3) as pool:
            for _ in pool.map(lambda server: server.stop(), servers):
                pass

    def environment(self) -> dict[str, str]:
        """Return the variables that point a program at these servers.

        Raises NotRunningError where one of the servers does not run.
        """
        down = [name for name, server in self.servers.items() if not server.is_running()]
        if down:
            raise NotRunningError(
                f"Not running in {self.home.root}: {', '.join(down)}. "
                "Start the servers with `reciprocity up`."
            )
        variables = {
            "DATABASE_URL": f"postgresql://{AI_USER}:{AI_PASSWORD}@{LOOPBACK}:{self.ai.port}"
            f"/{AI_DATABASE}",
            "RECIPROCITY_BACKEND_DB_URL": f"postgresql://{BACKEND_SUPERUSER}:{BACKEND_PASSWORD}"
            f"@{LOOPBACK}:{self.backend.port}/{BACKEND_DATABASE}",
            "RECIPROCITY_ENVIRONMENT": "development",
            "API_HOST": self.state.listen,
            "API_PORT": str(self.state.ports.api),
        }
        broker = self._external_broker or (self.broker.url if self.broker is not None else None)
        return variables | ({BROKER_VARIABLE: broker} if broker else {})
