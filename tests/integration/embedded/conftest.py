from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.postgres import PostgresServer
from app.embedded.provisioning import client_environment
from app.embedded.state import Ports
from app.embedded.supervisor import bring_down

THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "16MB"}

Psql = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _no_broker_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    monkeypatch.delenv("RECIPROCITY_POSTGRES_MAJOR", raising=False)


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as path:
        try:
            yield path
        finally:
            _leave_nothing_running(path)


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    with temporary_home() as path:
        try:
            yield path
        finally:
            _leave_nothing_running(path)


def _leave_nothing_running(path: Path) -> None:
    if (path / "state.json").exists():
        bring_down(Embedded(path))


@pytest.fixture(scope="module", params=[18, 16], ids=["postgresql18", "postgresql16"])
def running(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    with temporary_home() as path:
        embedded = Embedded(path, major=request.param, settings=THROW_AWAY)
        embedded.start(ports=Ports.any())
        try:
            yield embedded
        finally:
            embedded.stop()


@pytest.fixture
def psql() -> Psql:
    def run(
        server: PostgresServer, user: str, password: str, database: str, sql: str, host: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command = [
            *(str(server.binaries.program("psql")), "-h", host or "localhost"),
            *("-p", str(server.port), "-U", user, "-d", database, "-X", "-A", "-t", "-c", sql),
        ]
        environment = client_environment(password)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=20
        )

    return run


@pytest.fixture
def secrets_of() -> Callable[[Embedded], list[str]]:
    def collect(embedded: Embedded) -> list[str]:
        broker = embedded.broker
        passwords = ["reciprocity_pass", embedded.ai.password]
        return passwords + ([broker.password] if broker is not None else [])

    return collect


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root changes user")
