"""Whatever was answered with success survives the death of any process, once and in both databases.

    .venv/bin/pytest tests/chaos/test_crashes.py -m long -k every_process   the short form
    .venv/bin/pytest tests/chaos/test_crashes.py -m long -k two_hundred     200 kills (CHAOS_KILLS,
                                                                            CHAOS_MEMBERS, CHAOS_SEED)

Killed with SIGKILL, at random: the API, one of its processes, the worker with its relay and children,
the AI server, the backend server, Redis.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from app.adapters.broker import CeleryBell
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.programs import child_environment
from app.embedded.state import Ports
from app.errors import ReciprocityError
from app.repositories.backend import matches, outbox
from app.services import introductions, reconcile
from app.services.sight import observe
from app.settings import DatabaseSettings
from tests.chaos.community import Community
from tests.chaos.visitors import Visitors
from tests.conftest import ROOT

VICTIMS = ("api", "one of the API", "worker", "ai", "backend", "redis")
DRAINED_WITHIN = 180.0  # seconds after the last kill; a lease of the chaos worker is four


class Installation:
    """Be two servers, a broker and a worker, of which any may be killed at any moment."""

    def __init__(self, home: Path) -> None:
        self.servers = Embedded(home)
        self.servers.start(ports=Ports.any())
        self.ports = self.servers.state.ports
        self.environment = self.servers.environment()
        self.databases = PostgreSQLAdapter(DatabaseSettings.model_validate(self.environment))
        migrate(self.databases, "development")
        self.databases.after_work_written = CeleryBell(self.environment["CELERY_BROKER_URL"]).ring
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.environment |= {"RECIPROCITY_ENVIRONMENT": "development", "API_PORT": str(port)}
        self.api_address = f"http://127.0.0.1:{self.environment['API_PORT']}"
        self.worker = self._start("worker", "tests.chaos.worker")
        self.api = self._start("api", "app.cli.main", "serve")

    def _start(self, name: str, *module: str) -> subprocess.Popen[bytes]:
        log = self.servers.home.logs / f"{name}.log"
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=child_environment(self.environment, self.servers.home.root)
                | {"RECIPROCITY_ENV_FILE": os.devnull},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self, victim: str) -> None:
        if victim in {"worker", "api"}:
            process = self.worker if victim == "worker" else self.api
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return
        if victim == "one of the API":
            self._kill_one_of_the_api()
            return
        identity = self.servers.servers[victim].identity
        if identity is not None:
            os.kill(identity.pid, signal.SIGKILL)
            while identity.is_alive():
                time.sleep(0.01)

    def _kill_one_of_the_api(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError, IndexError):  # none at this moment
            children = Path(f"/proc/{self.api.pid}/task/{self.api.pid}/children").read_text()
            os.kill(int(children.split()[-1]), signal.SIGKILL)

    def raise_the_dead(self) -> None:
        self.servers.start(ports=self.ports)
        if self.worker.poll() is not None:
            self.worker = self._start("worker", "tests.chaos.worker")
        if self.api.poll() is not None:
            self.api = self._start("api", "app.cli.main", "serve")

    def wait_for_the_api(self) -> None:
        limit = time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.api_address}/health/live").status_code == HTTPStatus.OK:
                    return
            if self.api.poll() is not None:  # it does not start while a database is away
                self.api = self._start("api", "app.cli.main", "serve")
            assert time.monotonic() < limit, (self.servers.home.logs / "api.log").read_text()[
                -2000:
            ]
            time.sleep(0.2)

    def close(self) -> None:
        self.kill("worker")
        self.kill("api")
        self.databases.close()
        self.servers.stop()


@pytest.fixture
def installation() -> Iterator[Installation]:
    with temporary_home() as home:
        made = Installation(home)
        try:
            yield made
        finally:
            made.raise_the_dead()
            made.close()


def _kill_at_random(
    installation: Installation,
    chance: random.Random,
    kills: int,
    killed: list[str],
    enough: threading.Event,
) -> None:
    """Kill so often at least, and on until everybody has come."""
    number = 0
    while number < kills or not enough.is_set():
        time.sleep(chance.uniform(0.3, 2.5))
        # Each of them at least once, and then whoever comes.
        victim = VICTIMS[number] if number < len(VICTIMS) else chance.choice(VICTIMS)
        installation.kill(victim)
        killed.append(victim)
        time.sleep(chance.uniform(0.0, 0.7))
        installation.raise_the_dead()
        number += 1


def _wait_until_drained(installation: Installation) -> outbox.Backlog:
    limit = time.monotonic() + DRAINED_WITHIN
    while True:
        with suppress(ReciprocityError), installation.databases.backend() as backend:
            left = outbox.backlog(backend)
            if not left.pending + left.running:
                return left
        if installation.worker.poll() is not None:  # it does not start while a database is away
            installation.raise_the_dead()
        assert time.monotonic() < limit, _what_is_left(installation)
        time.sleep(0.25)


def _what_is_left(installation: Installation) -> str:
    with installation.databases.backend() as backend:
        rows = backend.execute(
            "SELECT id, topic, state, attempts, available_at - now(), leased_until - now(),"
            " last_error FROM outbox WHERE state <> 'done' ORDER BY id LIMIT 20"
        ).fetchall()
    log = installation.servers.home.logs / "worker.log"
    return "\n".join(map(str, rows)) + "\n" + log.read_text(errors="replace")[-2000:]


def _let_live(
    killer: threading.Thread,
    community: Community,
    visitors: Visitors,
    members: int,
    enough: threading.Event,
) -> None:
    """Have a quarter of the members come by HTTP, and the others as fast as services let them."""
    by_http = members // 4
    while killer.is_alive():
        for _ in range(4):
            if len(community.promised) < members - by_http:
                community.act()
        visitors.act(by_http)
        if len(visitors.people) + len(community.promised) >= members:
            enough.set()
        time.sleep(0.02)


def _survive(installation: Installation, *, kills: int, members: int, seed: int) -> None:
    killed: list[str] = []
    chance_of_visitors = random.Random(seed + 2)  # noqa: S311 - the same
    chance = random.Random(seed)  # noqa: S311 - a run that failed can be repeated by its seed
    community = Community(installation.databases, random.Random(seed + 1))  # noqa: S311 - the same
    visitors = Visitors(installation.api_address, installation.databases, chance_of_visitors)
    enough = threading.Event()
    killer = threading.Thread(
        target=_kill_at_random, args=(installation, chance, kills, killed, enough)
    )
    installation.wait_for_the_api()
    killer.start()
    try:
        _let_live(killer, community, visitors, members, enough)
    except AssertionError as error:
        log = installation.servers.home.logs / "api.log"
        raise AssertionError(f"{error}\n{_last_failure(log)}") from error
    finally:
        enough.set()
        killer.join()
    assert len(killed) >= kills, killed
    assert community.answered > kills
    installation.wait_for_the_api()
    visitors.finish()
    left = _wait_until_drained(installation)
    told = f"{community.answered} answered, {community.failed} failed ({community.errors});"
    told += f" by HTTP {visitors.answered.total()} answered, unanswered {dict(visitors.refused)}"
    assert left.dead == 0, told
    assert community.broken_promises() == [], told
    assert visitors.broken_promises(community.erased | community.uncertain) == [], told
    assert reconcile.compare(installation.databases).equal, told
    seen = observe(installation.databases)
    assert (seen.without_vectors, seen.orphans, seen.wrong()) == (0, 0, []), told
    visitors.client.close()
    _check_matches(installation, community, [one.id for one in visitors.people if one.id])
    logging.getLogger(__name__).info(
        "%d kills: %s; %d members, %d erased",
        *(len(killed), told, len(community.promised) + len(visitors.people), len(community.erased)),
    )


def _last_failure(log: Path) -> str:
    """Give the end of the last traceback of a log, and what led to it."""
    _, _, last = log.read_text(errors="replace").rpartition("Traceback (most recent call last)")
    return last[:8_000]


def _check_matches(installation: Installation, community: Community, visitors: list[UUID]) -> None:
    everybody = [*community.promised, *visitors]
    with installation.databases.backend() as backend:
        pairs = backend.execute("SELECT user_a_id, user_b_id FROM matches").fetchall()
        assert matches.count(backend) == len({frozenset(pair) for pair in pairs})
        assert community.erased.isdisjoint(member for pair in pairs for member in pair)
        states = {introductions.of_member(backend, member).state for member in everybody}
        listed = {member for pair in pairs for member in pair}
    assert states == {"ready"}
    assert set(everybody) <= listed, "nobody is stuck without matches"


@pytest.mark.long  # a minute, and on a busy machine more; the boundaries run in the suite
def test_what_was_answered_survives_the_death_of_every_process(
    installation: Installation,
) -> None:
    _survive(installation, kills=6, members=60, seed=20)


@pytest.mark.long
def test_what_was_answered_survives_two_hundred_deaths(installation: Installation) -> None:
    _survive(
        installation,
        kills=int(os.environ.get("CHAOS_KILLS", "200")),
        members=int(os.environ.get("CHAOS_MEMBERS", "2000")),
        seed=int(os.environ.get("CHAOS_SEED", "7")),
    )
