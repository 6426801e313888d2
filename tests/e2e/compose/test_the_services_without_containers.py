"""The compose file's processes with the compose file's variables, where there is no Docker engine.

`db`, `host.docker.internal` and `redis` are addresses of this machine's loopback: each process runs
in a mount namespace of its own with its own /etc/hosts, which is what a container's names are, too.
Only the address that the API listens on differs from the file.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.doctor import files
from app.embedded.binaries import find_redis
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from tests.forwarding import forwarded

ROOT = Path(__file__).parents[3]
# As the architecture document prints it.
SNIPPET = """
from app.adapters.postgresql import postgresql_adapter
# This should work
ai_conn = postgresql_adapter.get_connection()
ai_conn.close()
print('AI DB: OK')

# This should also work
backend_conn = postgresql_adapter.get_backend_connection()
backend_conn.close()
print('Backend DB: OK')
"""
BOTH = ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL")


def _namespace(hosts: Path) -> list[str]:
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    enter = 'mount --bind "$0" /etc/hosts && exec "$@"'
    return ["unshare", *user, "--mount", "--", "sh", "-c", enter, str(hosts)]


@dataclass
class Composed:
    """The services of the compose file, on this machine's loopback."""

    hosts: Path
    services: dict[str, Any]
    api_port: int
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def variables(self, service: str, *without: str) -> dict[str, str]:
        written = files.environment(self.services[service], ROOT)
        written = {k: v for k, v in written.items() if k not in without and "${" not in v}
        if service == "ai-service":
            written |= {"API_HOST": "127.0.0.1", "API_PORT": str(self.api_port)}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        container = {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
        return container | {"RECIPROCITY_ENV_FILE": "/nonexistent/.env"} | written

    def run(
        self, service: str, command: list[str], *without: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_namespace(self.hosts), *command],
            env=self.variables(service, *without),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self, service: str) -> None:
        with (self.logs / f"{service}.log").open("wb") as log:
            self.running[service] = subprocess.Popen(
                [*_namespace(self.hosts), *self.services[service]["command"]],
                env=self.variables(service),
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(60)

    def healthy(self, service: str, seconds: float) -> str:
        """Run the service's own health check until it says yes; give its last word otherwise."""
        check = self.services[service]["healthcheck"]["test"][1:]
        limit = time.monotonic() + seconds
        while True:
            answer = self.run(service, check)
            if answer.returncode == 0:
                return ""
            if time.monotonic() > limit or self.running[service].poll() is not None:
                return answer.stderr + (self.logs / f"{service}.log").read_text()


@contextmanager
def _redis() -> Iterator[int]:
    """A Redis without a password, as the compose file's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(
        [str(find_redis().path), *options], cwd="/", stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    folder = tmp_path_factory.mktemp("compose")
    hosts = folder / "hosts"
    # A network of its own in 127/8, so that several runs on one machine do not meet.
    network = f"127.{random.randint(64, 250)}.{random.randint(0, 250)}"  # noqa: S311 - no secret
    names = {"db": 2, "host.docker.internal": 3, "redis": 4}
    lines = [f"{network}.{number} {name}" for name, number in names.items()]
    hosts.write_text("127.0.0.1 localhost\n" + "\n".join(lines) + "\n")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*_namespace(hosts), "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this system lets nobody make a mount namespace, so names cannot be mapped")
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    with temporary_home() as home, ExitStack() as stack:
        servers = Embedded(home, broker=False, settings={"fsync": "off"})
        servers.start(ports=Ports.any())
        stack.callback(servers.stop)
        redis = stack.enter_context(_redis())
        for number, port, target in (
            (2, 5432, servers.ai.port),
            (3, 5432, servers.backend.port),
            (4, 6379, redis),
        ):
            stack.enter_context(forwarded(target, host=f"{network}.{number}", port=port))
        with socket.create_server(("127.0.0.1", 0)) as free:
            api_port = free.getsockname()[1]
        made = Composed(hosts, services, api_port, folder)
        stack.callback(made.stop)
        migrated = made.run("migrate", services["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        for service in ("ai-service", "celery-worker"):
            made.start(service)
        yield made


def test_both_services_become_healthy_by_their_own_checks(composed: Composed) -> None:
    assert composed.healthy("ai-service", 60) == ""
    assert composed.healthy("celery-worker", 60) == ""
    url = f"http://127.0.0.1:{composed.api_port}/health/ready"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert json.load(answer)["status"] == "ready"


def test_the_documents_snippet_runs_as_printed_in_the_ai_service(composed: Composed) -> None:
    answer = composed.run("ai-service", ["python", "-c", SNIPPET])
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "AI DB: OK\nBackend DB: OK\n"


def test_members_that_come_in_are_matched_by_the_worker(composed: Composed, tmp_path: Path) -> None:
    members = tmp_path / "members.jsonl"
    members.write_text(
        '{"email": "a@example.org", "needs": ["a lawyer"], "offers": ["bookkeeping"]}\n'
        '{"email": "b@example.org", "needs": ["bookkeeping"], "offers": ["a lawyer"]}\n'
    )
    command = ["reciprocity", "import", str(members), "--approve", "--wait"]
    answer = composed.run("ai-service", command)
    assert answer.returncode == 0, answer.stderr
    listed = composed.run("ai-service", ["reciprocity", "matches", "a@example.org"])
    assert "bookkeeping" in listed.stdout, listed.stderr


def test_the_doctor_of_the_ai_service_finds_the_living_set_up_sound(composed: Composed) -> None:
    answer = composed.run("ai-service", ["reciprocity", "doctor", "--json"])
    told = json.loads(answer.stdout)
    wrong = [one for one in told["findings"] if one["status"] == "wrong"]
    assert wrong == []
    assert answer.returncode == 0


@pytest.mark.parametrize("service", ["ai-service", "celery-worker", "migrate"])
@pytest.mark.parametrize("name", BOTH)
def test_a_service_that_lacks_an_address_does_not_start(
    composed: Composed, service: str, name: str
) -> None:
    command = composed.services[service]["command"]
    answer = composed.run(service, command, name)
    assert answer.returncode == 1
    assert f"{name} is missing" in answer.stderr
    assert "docker-compose.yml" in answer.stderr


def test_outside_the_containers_the_names_are_explained(composed: Composed) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "worker"],
        env=composed.variables("celery-worker"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "db is a name inside Docker containers and does not resolve here" in answer.stderr
    assert "write localhost" in answer.stderr
    assert "reciprocity_pass" not in answer.stderr


def test_the_checks_notice_a_service_that_is_not_there(composed: Composed) -> None:
    away = {"API_PORT": "1", "CELERY_BROKER_URL": "redis://redis:6379/15"}
    for service, words in (
        ("ai-service", "does not answer on port 1"),
        ("celery-worker", "broker"),
    ):
        check = composed.services[service]["healthcheck"]["test"][1:]
        answer = subprocess.run(
            [*_namespace(composed.hosts), *check],
            env=composed.variables(service) | away,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert answer.returncode == 1
        assert words in answer.stderr
