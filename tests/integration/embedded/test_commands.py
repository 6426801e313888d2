from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = (
    "import click\n"
    "from app.cli.embedded import COMMANDS\n"
    "click.Group(commands={c.name: c for c in COMMANDS})(prog_name='reciprocity')\n"
)
Reciprocity = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def reciprocity(shared_home: Path) -> Reciprocity:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", RUN, *arguments],
            env=environment | {"RECIPROCITY_HOME": str(shared_home)} | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            umask=0o077,  # a strict caller must not lock the servers out of their own files
        )

    return run


@pytest.fixture
def up(reciprocity: Reciprocity) -> subprocess.CompletedProcess[str]:
    # Most tests of this file find it running already.
    answer = reciprocity("up", "--detach", "--any-port", "--only-servers")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer


def _processes(reciprocity: Reciprocity) -> dict[str, int]:
    services = json.loads(reciprocity("status", "--json").stdout)["services"]
    return {service["name"]: service["pid"] for service in services}


def test_before_the_first_start_every_command_says_that_there_is_nothing(
    reciprocity: Reciprocity, home: Path
) -> None:
    place = {"RECIPROCITY_HOME": str(home)}
    status, env, down = (reciprocity(name, **place) for name in ("status", "env", "down"))
    assert (status.returncode, env.returncode, down.returncode) == (1, 1, 0)
    assert env.stdout == ""
    assert all("Nothing was ever started" in each.stdout + each.stderr for each in (status, env))
    assert not home.exists()


def test_the_first_up_says_what_it_does_and_where_everything_is(
    reciprocity: Reciprocity, home: Path
) -> None:
    options = ("--detach", "--any-port", "--only-servers")
    up = reciprocity("up", *options, RECIPROCITY_HOME=str(home))
    assert up.returncode == 0, up.stdout + up.stderr
    assert up.stdout.count("new data folder") == 2
    assert "Everything runs after" in up.stdout
    assert f"data      {home}" in up.stdout
    assert "reciprocity_pass" not in up.stdout


@pytest.mark.usefixtures("up")
def test_a_second_up_finds_the_first_and_prints_the_addresses(reciprocity: Reciprocity) -> None:
    before = _processes(reciprocity)
    for options in ([], ["--detach"]):
        second = reciprocity("up", *options)
        assert second.returncode == 0
        assert "Already running" in second.stdout
        assert "database reciprocity_ai" in second.stdout
    assert _processes(reciprocity) == before


@pytest.mark.usefixtures("up")
def test_status_is_0_only_while_all_runs(reciprocity: Reciprocity) -> None:
    status = reciprocity("status", "--json")
    services = json.loads(status.stdout)["services"]
    assert status.returncode == 0
    assert [service["name"] for service in services] == ["backend", "ai", "redis"]
    assert {service["status"] for service in services} == {"running"}
    assert all(service["port"] and service["pid"] for service in services)


@pytest.mark.usefixtures("up")
def test_psql_opens_either_database(reciprocity: Reciprocity) -> None:
    sql = "SELECT current_user, current_database()"
    ai = reciprocity("psql", "ai", "-At", "-c", sql, PGDATABASE="nowhere")
    backend = reciprocity("psql", "backend", "-At", "-c", sql)
    assert ai.stdout == "reciprocity_user|reciprocity_ai\n", ai.stderr
    assert backend.stdout == "postgres|reciprocity_db\n", backend.stderr


@pytest.mark.usefixtures("up")
def test_a_shell_can_take_the_variables_over(reciprocity: Reciprocity) -> None:
    exports = reciprocity("env").stdout
    script = f'eval {shlex.quote(exports)}; echo "$DATABASE_URL|$RECIPROCITY_BACKEND_DB_URL"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    ai, backend = shell.stdout.strip().split("|")
    assert ai.endswith("/reciprocity_ai")
    assert backend.endswith("/reciprocity_db")


@pytest.mark.usefixtures("up")
def test_after_a_kill_status_says_stale_and_up_mends_it(
    reciprocity: Reciprocity, shared_home: Path
) -> None:
    supervisor = json.loads((shared_home / "state.json").read_text(encoding="utf-8"))["supervisor"]
    os.kill(supervisor["pid"], signal.SIGKILL)
    before = _processes(reciprocity)
    os.kill(before["ai"], signal.SIGKILL)
    status = reciprocity("status")
    assert status.returncode == 1
    assert "ai        stale" in status.stdout
    again = reciprocity("up", "--detach", "--any-port", "--only-servers")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "runs already" in again.stdout
    after = _processes(reciprocity)
    assert after["backend"] == before["backend"]
    assert after["ai"] not in {before["ai"], None}


@pytest.mark.usefixtures("up")
def test_down_stops_everything(reciprocity: Reciprocity) -> None:
    down = reciprocity("down")
    assert (down.returncode, down.stdout) == (0, "Everything is stopped.\n")
    assert set(_processes(reciprocity).values()) == {None}
    assert reciprocity("status").returncode == 1
    stopped = reciprocity("psql", "ai")
    assert stopped.returncode == 1
    assert "Start the servers with `reciprocity up`" in stopped.stderr


def test_what_cannot_start_is_said_without_a_traceback(reciprocity: Reciprocity) -> None:
    for options in ([], ["--detach"]):
        answer = reciprocity("up", *options, RECIPROCITY_POSTGRES_MAJOR="99")
        assert answer.returncode == 1
        assert "No PostgreSQL 99 with the vector extension" in answer.stderr
        assert "Traceback" not in answer.stdout + answer.stderr


def test_listening_beyond_this_machine_warns_of_the_public_passwords(
    reciprocity: Reciprocity,
) -> None:
    answer = reciprocity("up", "--detach", "--any-port", "--only-servers", "--listen", "0.0.0.0")  # noqa: S104 - what is tested
    try:
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert "Warning: the servers listen on 0.0.0.0" in answer.stdout
        rules = reciprocity("psql", "backend", "-Atc", "SELECT address FROM pg_hba_file_rules")
        assert rules.stdout == "all\n"
    finally:
        assert reciprocity("down").returncode == 0


def test_an_address_that_is_none_is_refused(reciprocity: Reciprocity) -> None:
    answer = reciprocity("up", "--listen", "everywhere")
    assert answer.returncode == 2
    assert "it takes an IP address" in answer.stderr
