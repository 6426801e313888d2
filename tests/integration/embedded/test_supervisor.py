from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.embedded.embedded import Embedded
from app.embedded.errors import EmbeddedError
from app.embedded.processes import ProcessIdentity, wait_until_gone
from app.embedded.programs import Program
from app.embedded.state import Ports
from app.embedded.supervisor import AlreadyRunningError, Supervisor, bring_down

THROW_AWAY = {"fsync": "off", "shared_buffers": "16MB"}
FOREVER = "import time; time.sleep(600)"
PATIENCE = 20.0


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _wait_for(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def _supervised(supervisor: Supervisor, errors: list[BaseException]) -> Iterator[None]:
    """Run a supervisor in a thread until the block ends."""
    ready = threading.Event()

    def run() -> None:
        try:
            supervisor.run(ports=Ports.any(), on_ready=ready.set)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        _wait_for(lambda: ready.is_set() or not thread.is_alive())
        yield
    finally:
        supervisor.stopping.set()
        thread.join(60)
        assert not thread.is_alive()


def _embedded(home: Path, said: list[str] | None = None) -> Embedded:
    lines = [] if said is None else said
    return Embedded(home, settings=THROW_AWAY, say=lines.append)


def test_a_program_that_died_is_started_again_and_that_is_said(shared_home: Path) -> None:
    said: list[str] = []
    program = Program("worker", _python(FOREVER))
    supervisor = Supervisor(_embedded(shared_home, said), programs=[program], migrate=None)
    with _supervised(supervisor, []):
        first = program.identity
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        _wait_for(lambda: program.identity != first and program.is_running())
        second = program.identity
    assert any("worker   died and is started again" in line for line in said)
    assert second is not None
    assert not second.is_alive()


def test_a_server_that_died_is_started_again(shared_home: Path) -> None:
    embedded = _embedded(shared_home)
    supervisor = Supervisor(embedded, programs=[], migrate=None)
    with _supervised(supervisor, []):
        for name in ("ai", "redis"):
            first = embedded.servers[name].identity
            assert first is not None
            os.kill(first.pid, signal.SIGKILL)
            _wait_for(lambda: embedded.servers[name].identity not in {None, first})  # noqa: B023 - used at once
        assert set(embedded.environment()) >= {"DATABASE_URL", "CELERY_BROKER_URL"}


def test_a_program_that_keeps_dying_stops_everything_and_names_its_log(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.embedded.supervisor._LONGEST_PAUSE", 0.2)
    embedded = _embedded(shared_home)
    supervisor = Supervisor(embedded, programs=[], migrate=None)
    errors: list[BaseException] = []
    dying = Program("worker", _python("import time; time.sleep(0.1)"))
    supervisor.programs = [dying]
    thread = threading.Thread(target=_collect, args=(supervisor, errors))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert "worker died 6 times within a minute" in str(errors[0])
    assert "worker.log" in str(errors[0])
    assert not any(server.is_running() for server in embedded.servers.values())


def _collect(supervisor: Supervisor, errors: list[BaseException]) -> None:
    try:
        supervisor.run(ports=Ports.any())
    except BaseException as error:  # noqa: BLE001 - handed to the test
        errors.append(error)


def test_a_failed_migration_stops_the_servers_and_shows_its_words(shared_home: Path) -> None:
    embedded = _embedded(shared_home)
    broken = _python("import sys; print('column moved away', file=sys.stderr); sys.exit(3)")
    program = Program("worker", _python(FOREVER))
    with pytest.raises(EmbeddedError, match=r"ended with code 3.*\n.*column moved away"):
        Supervisor(embedded, programs=[program], migrate=broken).run(ports=Ports.any())
    assert program.identity is None
    assert not any(server.is_running() for server in embedded.servers.values())


def test_an_api_that_ends_while_starting_shows_the_end_of_its_log(shared_home: Path) -> None:
    program = Program("api", _python("raise SystemExit('no such setting')"), "API_PORT")
    supervisor = Supervisor(_embedded(shared_home), programs=[program], migrate=None)
    with pytest.raises(EmbeddedError, match=r"(?s)api ended.*no such setting"):
        supervisor.run(ports=Ports.any())


def test_programs_get_the_addresses_and_no_driver_variable(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "192.0.2.1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@192.0.2.1/else")
    embedded = _embedded(shared_home)
    show = "import os; print(*(f'{k}={v}' for k, v in os.environ.items()), sep='\\n', flush=True)"
    program = Program("worker", _python(f"{show}; {FOREVER}"))
    log = shared_home / "logs/worker.log"
    log.unlink(missing_ok=True)
    with _supervised(Supervisor(embedded, programs=[program], migrate=None), []):
        _wait_for(lambda: "RECIPROCITY_HOME=" in log.read_text(encoding="utf-8"))
        expected = embedded.environment() | {"RECIPROCITY_HOME": str(shared_home)}
    lines = log.read_text(encoding="utf-8").splitlines()
    log.unlink()
    assert {f"{name}={value}" for name, value in expected.items()} <= set(lines)
    assert not [line for line in lines if line.startswith("PG")]


def test_everything_stops_programs_first_and_servers_last(shared_home: Path) -> None:
    """The program needs the server until its own end: it asks it once more when told to stop."""
    last_words = (
        "import os, signal, socket, sys, time\n"
        "from urllib.parse import urlsplit\n"
        "def bye(*_):\n"
        "    at = urlsplit(os.environ['DATABASE_URL'])\n"
        "    socket.create_connection((at.hostname, at.port), 5).close()\n"
        "    print('still there', flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye)\n"
        "print('up', flush=True); time.sleep(600)\n"
    )
    log = shared_home / "logs/worker.log"
    log.unlink(missing_ok=True)
    program = Program("worker", _python(last_words))
    with _supervised(Supervisor(_embedded(shared_home), programs=[program], migrate=None), []):
        _wait_for(lambda: "up" in log.read_text(encoding="utf-8"))
    assert log.read_text(encoding="utf-8") == "up\nstill there\n"


def test_a_program_that_will_not_stop_is_killed_with_its_children(shared_home: Path) -> None:
    deaf = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True); time.sleep(600)\n"
    )
    log = shared_home / "logs/worker.log"
    log.unlink(missing_ok=True)
    program = Program("worker", _python(deaf), stop_patience=0.3)
    with _supervised(Supervisor(_embedded(shared_home), programs=[program], migrate=None), []):
        _wait_for(lambda: log.read_text(encoding="utf-8").strip().isdigit())
        child = ProcessIdentity.of(int(log.read_text(encoding="utf-8")))
    assert child is not None
    assert wait_until_gone(child, 5)


def test_a_second_supervisor_finds_the_first(shared_home: Path) -> None:
    with _supervised(Supervisor(_embedded(shared_home), programs=[], migrate=None), []):
        second = Supervisor(_embedded(shared_home), programs=[], migrate=None)
        with pytest.raises(AlreadyRunningError, match=r"Already running in .*reciprocity down"):
            second.run(ports=Ports.any())
        assert Embedded(shared_home).environment()


_STANDALONE = """
import sys
from pathlib import Path
from app.embedded.embedded import Embedded
from app.embedded.programs import Program
from app.embedded.state import Ports
from app.embedded.supervisor import Supervisor
program = Program("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
embedded = Embedded(Path(sys.argv[1]), settings={"fsync": "off"})
Supervisor(embedded, programs=[program], migrate=None).run(
    ports=Ports.any(), on_ready=lambda: print("ready", flush=True))
"""


@contextmanager
def _standalone(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*_python(_STANDALONE), str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_exits_with_0(
    shared_home: Path, number: signal.Signals
) -> None:
    with _standalone(shared_home) as process:
        running = list(Embedded(shared_home).state.processes.values())
        assert len(running) == 4
        process.send_signal(number)
        assert process.wait(30) == 0
    assert not [identity for identity in running if identity.is_alive()]
    assert Embedded(shared_home).state.phase == "stopped"


def test_what_a_killed_supervisor_left_is_adopted_or_cleaned_by_the_next(
    shared_home: Path,
) -> None:
    with _standalone(shared_home) as process:
        process.kill()
        process.wait()
    left = Embedded(shared_home).state.processes
    assert all(identity.is_alive() for identity in left.values())
    said: list[str] = []
    embedded = _embedded(shared_home, said)
    with _supervised(Supervisor(embedded, programs=[], migrate=None), []):
        assert embedded.ai.identity == left["ai"]
        assert embedded.backend.identity == left["backend"]
        assert not left["worker"].is_alive()
    assert any("left over by a killed command" in line for line in said)
    assert not any(identity.is_alive() for identity in left.values())


def test_down_clears_what_a_killed_supervisor_left(shared_home: Path) -> None:
    with _standalone(shared_home) as process:
        process.kill()
        process.wait()
    left = Embedded(shared_home).state.processes
    assert bring_down(Embedded(shared_home)) is True
    assert not any(identity.is_alive() for identity in left.values())
    assert bring_down(Embedded(shared_home)) is False


def _remove(folder: Path) -> None:
    """Remove a folder in which servers still make and remove files of their own."""

    def gone() -> bool:
        with suppress(OSError):  # a file that left by itself, or came after its folder was read
            shutil.rmtree(folder)
        return not folder.exists()

    _wait_for(gone)


def test_a_folder_removed_under_running_servers_ends_them_and_says_so(home: Path) -> None:
    embedded = _embedded(home)
    errors: list[BaseException] = []
    with _supervised(Supervisor(embedded, programs=[], migrate=None), errors):
        running = list(embedded.state.processes.values())
        assert len(running) == 3
        _remove(home)
        _wait_for(lambda: bool(errors))
    assert "was removed while its servers ran" in str(errors[0])
    assert not [identity for identity in running if identity.is_alive()]
    assert not home.exists()
