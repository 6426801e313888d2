"""From nothing to one member's matches: real servers, a real broker, a real worker, one command each."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.domain.matching.rules import BUDGET
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.processes import _session_members, wait_until_gone
from app.embedded.supervisor import bring_down
from app.sample import community_path
from tests.conftest import ROOT

PROTAGONIST = "marisol.etcheverry@surcohumedo.example"
MINUTES = 180.0

Command = Callable[..., "subprocess.CompletedProcess[str]"]

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


def _call(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        env=clean | {"RECIPROCITY_ENV_FILE": "/nonexistent/.env"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MINUTES,
        check=False,
    )


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Everything up, in a home of its own and on ports of its own, with the sample read in."""
    with temporary_home() as path:
        try:
            started = _call(
                ["-m", "app.cli.main", "up", "--any-port", "--detach"],
                {"RECIPROCITY_HOME": str(path)},
            )
            assert started.returncode == 0, started.stdout + started.stderr
            yield path
        finally:
            if (path / "state.json").exists():
                bring_down(Embedded(path))


@pytest.fixture(scope="module")
def environment(home: Path) -> dict[str, str]:
    """What `eval "$(reciprocity env)"` gives a shell."""
    told = _call(["-m", "app.cli.main", "env"], {"RECIPROCITY_HOME": str(home)})
    assert told.returncode == 0, told.stderr
    pairs = (line.removeprefix("export ").split("=", 1) for line in told.stdout.splitlines())
    return {"RECIPROCITY_HOME": str(home)} | {name: shlex.split(value)[0] for name, value in pairs}


@pytest.fixture(scope="module")
def reciprocity(environment: dict[str, str]) -> Command:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return _call(["-m", "app.cli.main", *arguments], environment)

    return call


@pytest.fixture(scope="module")
def imported(reciprocity: Command) -> subprocess.CompletedProcess[str]:
    return reciprocity("import", str(community_path()), "--approve", "--wait")


def test_a_real_worker_makes_vectors_and_matches_of_an_imported_community(
    imported: subprocess.CompletedProcess[str], home: Path
) -> None:
    assert imported.returncode == 0, imported.stderr
    total = len(community_path().read_text(encoding="utf-8").splitlines())
    assert (
        f"{total} created, 0 updated, 0 unchanged, {total} approved, 0 refused" in imported.stdout
    )
    assert "All work done after" in imported.stdout
    log = (home / "logs" / "worker.log").read_text(encoding="utf-8")
    assert re.search(r"Task reciprocity\.look_at_outbox\[.+\] succeeded", log)


@pytest.mark.usefixtures("imported")
def test_one_members_matches_are_shown_with_the_reason_for_each(reciprocity: Command) -> None:
    plain = reciprocity("matches", PROTAGONIST)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.startswith("Matches of Marisol Etcheverry (exact, ready)")
    assert plain.stdout.count("You gain") == plain.stdout.count("They gain") == 10
    told = json.loads(reciprocity("matches", PROTAGONIST, "--json", "--limit", "20").stdout)
    assert len(told["introductions"]) == BUDGET
    typed = community_path().read_text(encoding="utf-8")
    for one in told["introductions"]:
        for half in ("i_gain", "they_gain"):
            assert json.dumps(one[half]["need"], ensure_ascii=False) in typed
            assert json.dumps(one[half]["offer"], ensure_ascii=False) in typed


@pytest.mark.usefixtures("imported")
def test_somebody_who_comes_later_is_matched_within_moments_of_the_bell(
    reciprocity: Command, tmp_path: Path
) -> None:
    newcomer = {
        "email": "newcomer@example.org",
        "first_name": "José",
        "last_name": "O'Brien",
        "needs": ["introductions to farm cooperatives in Uruguay"],
        "offers": ["firmware for low-power LoRa radios, so that batteries last for years"],
    }
    path = tmp_path / "newcomer.jsonl"
    path.write_text(json.dumps(newcomer), encoding="utf-8")
    begun = time.monotonic()
    ended = reciprocity("import", str(path), "--approve", "--wait")
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - begun < 60
    assert "Marisol" in reciprocity("matches", "newcomer@example.org").stdout
    assert "José O'Brien" in reciprocity("matches", PROTAGONIST, "--limit", "5").stdout


def test_the_documents_snippet_runs_with_only_the_two_variables(
    environment: dict[str, str],
) -> None:
    two = {name: environment[name] for name in ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL")}
    ended = _call(["-c", SNIPPET], two)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "AI DB: OK\nBackend DB: OK\n"


def test_importing_the_adapter_opens_nothing_and_needs_no_variable() -> None:
    ended = _call(["-c", SNIPPET.split("# This", maxsplit=1)[0] + "\nprint('imported')"], {})
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "imported\n", "")


def test_the_api_answers_on_its_port_and_its_documents_stand_beside_it(
    environment: dict[str, str], home: Path
) -> None:
    state = json.loads((home / "state.json").read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{state['ports']['api']}"
    ready = httpx.get(f"{address}/health/ready", timeout=30)
    assert ready.status_code == 200, ready.text
    assert ready.json()["ai"]["status"] == ready.json()["backend"]["status"] == "ready"
    assert httpx.get(f"{address}/docs", timeout=30).status_code == 200
    assert httpx.get(f"{address}/api/v1/matching/stats", timeout=30).status_code == 401
    assert environment["DATABASE_URL"].startswith("postgresql://reciprocity_user:")


def test_status_names_every_service_as_running(reciprocity: Command) -> None:
    ended = reciprocity("status", "--json")
    assert ended.returncode == 0, ended.stdout
    services = {one["name"]: one["status"] for one in json.loads(ended.stdout)["services"]}
    assert {"ai", "backend", "redis", "api", "worker"} <= set(services)
    assert set(services.values()) == {"running"}


@pytest.mark.usefixtures("imported")
def test_a_worker_that_is_killed_comes_back_and_does_what_was_left(
    reciprocity: Command, home: Path, tmp_path: Path
) -> None:
    state = json.loads((home / "state.json").read_text(encoding="utf-8"))
    worker = state["processes"]["worker"]["pid"]
    os.kill(worker, signal.SIGSTOP)  # it hears the bell and does nothing
    path = tmp_path / "late.jsonl"
    late = {"email": "late@example.org", "needs": ["a mentor"], "offers": ["mentoring"]}
    path.write_text(json.dumps(late), encoding="utf-8")
    assert reciprocity("import", str(path), "--approve").returncode == 0
    os.kill(worker, signal.SIGKILL)
    limit = time.monotonic() + MINUTES
    while "ready)" not in (shown := reciprocity("matches", "late@example.org").stdout):
        assert time.monotonic() < limit, shown
        time.sleep(0.5)


def test_no_password_stands_in_any_log_of_the_home(home: Path, environment: dict[str, str]) -> None:
    secrets = {"reciprocity_pass", "postgres:postgres"}
    secrets |= set(json.loads((home / "secrets.json").read_text(encoding="utf-8")).values())
    broker = environment["CELERY_BROKER_URL"]
    secrets |= set(re.findall(r":([^:@/]{8,})@", broker))
    for log in (home / "logs").glob("*.log"):
        text = log.read_text(encoding="utf-8", errors="replace")
        assert text or log.name in {"up.log", "migrate.log"}
        for secret in secrets:
            assert secret not in text, log.name


def test_api_and_worker_end_when_up_is_killed_and_the_servers_stay(home: Path) -> None:
    limit = time.monotonic() + MINUTES
    while " ready." not in (log := (home / "logs" / "worker.log").read_text(errors="replace")):
        assert time.monotonic() < limit, log
        time.sleep(0.1)
    state = Embedded(home).state
    assert state.supervisor is not None
    programs = [state.processes[name] for name in ("api", "worker")]
    programs += [child for one in programs for child in _session_members(one.pid)]
    assert len(programs) >= 6, "two processes that answer, one that works, the clock"
    os.kill(state.supervisor.pid, signal.SIGKILL)
    assert all(wait_until_gone(one, 30) for one in programs)
    assert all(state.processes[name].is_alive() for name in ("ai", "backend", "redis"))


@pytest.mark.usefixtures("imported")
def test_down_stops_everything_and_up_finds_all_of_it_again(
    reciprocity: Command, home: Path
) -> None:
    down = reciprocity("down")
    assert (down.returncode, down.stdout) == (0, "Everything is stopped.\n")
    assert reciprocity("status").returncode == 1
    away = reciprocity("matches", PROTAGONIST)
    assert away.returncode == 1
    assert "Connection refused" in away.stderr
    again = _call(
        ["-m", "app.cli.main", "up", "--any-port", "--detach"], {"RECIPROCITY_HOME": str(home)}
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert reciprocity("matches", PROTAGONIST).stdout.startswith("Matches of Marisol")
    assert reciprocity("down").returncode == 0
