from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded.account import Account, choose_account
from app.embedded.binaries import Bundle, find_postgres
from app.embedded.embedded import Embedded
from app.embedded.errors import DataFolderError, PortTakenError
from app.embedded.home import temporary_home
from app.embedded.placement import place_postgres
from app.embedded.postgres import PostgresServer
from app.embedded.processes import ProcessIdentity, wait_until_gone
from app.embedded.provisioning import provision
from app.embedded.state import Ports

THROW_AWAY = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server of its own, to be killed and moved about."""
    with temporary_home() as path:
        embedded = Embedded(path, settings=THROW_AWAY, broker=False)
        one = embedded.backend
        one.port = _free_port()
        one.initialise()
        yield one
        one.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kill(server: PostgresServer) -> None:
    identity = server.identity
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    assert wait_until_gone(identity, 5)


def test_a_killed_server_recovers_with_what_was_committed(server: PostgresServer) -> None:
    server.start()
    provision(server, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7);")
    _kill(server)
    assert not server.is_running()
    server.start()
    assert provision(server, "SELECT n FROM kept;") == "7"
    assert "was not properly shut down" in server.log.read_text(encoding="utf-8")


def test_a_kill_in_the_middle_of_a_statement_leaves_no_orphan_in_the_way(
    server: PostgresServer,
) -> None:
    server.start()
    busy = subprocess.Popen(
        [
            *(str(server.binaries.program("psql")), "-X", "-h", "127.0.0.1"),
            *("-p", str(server.port), "-U", "postgres", "-c", "SELECT pg_sleep(60)"),
        ],
        env={"PGPASSWORD": "postgres"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%';"
    while provision(server, waiting) == "0":
        time.sleep(0.02)
    _kill(server)
    server.start()
    assert provision(server, "SELECT 1;") == "1"
    busy.wait(timeout=10)


def test_a_lock_file_with_somebody_elses_process_id_does_not_stop_a_start(
    server: PostgresServer,
) -> None:
    server.start()
    _kill(server)
    account = server.account
    other = subprocess.Popen(
        ["/bin/sleep", "60"],
        user=account.switch_uid,
        group=account.switch_gid,
        extra_groups=account.switch_groups,
    )
    try:
        lock = server.data / "postmaster.pid"
        lines = lock.read_text(encoding="ascii").splitlines()
        lock.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n", encoding="ascii")
        assert not server.is_running()
        server.start()
        assert provision(server, "SELECT 1;") == "1"
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_stopped_folder_can_be_moved(server: PostgresServer) -> None:
    server.start()
    provision(server, "CREATE TABLE moved_along ();")
    server.stop()
    old_home = server.data.parent
    new_home = old_home.with_name("elsewhere")
    old_home.rename(new_home)
    try:
        moved = Embedded(new_home, settings=THROW_AWAY, broker=False).backend
        moved.port = server.port
        moved.start()
        assert provision(moved, "SELECT to_regclass('moved_along');") == "moved_along"
        moved.stop()
    finally:
        new_home.rename(old_home)


def test_a_folder_of_another_major_version_gets_a_clear_message(server: PostgresServer) -> None:
    server.stop()
    other = Embedded(server.data.parent, major=16, broker=False)
    with pytest.raises(DataFolderError) as refused:
        other.backend.initialise()
    text = str(refused.value)
    assert "made by PostgreSQL 18" in text
    assert "PostgreSQL 16 cannot read it. Nothing was changed." in text
    assert "RECIPROCITY_POSTGRES_MAJOR=18 reciprocity up" in text
    assert "reciprocity backup" in text
    with pytest.raises(DataFolderError, match="made by PostgreSQL 18"):
        other.start(ports=Ports.any())


def test_a_folder_with_other_files_is_left_alone(home: Path) -> None:
    embedded = Embedded(home, broker=False)
    letter = embedded.backend.data / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("dear", encoding="ascii")
    with pytest.raises(DataFolderError, match="holds files and is no PostgreSQL data folder"):
        embedded.start(ports=Ports.any())
    assert letter.read_text(encoding="ascii") == "dear"
    assert not embedded.ai.is_running()


def test_a_taken_port_is_an_error_that_says_who_has_it_and_what_to_do(home: Path) -> None:
    embedded = Embedded(home, settings=THROW_AWAY, broker=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as refused:
            embedded.start(ports=Ports(port, 0, 0, 0))
    text = str(refused.value)
    assert f"Port {port}, where the backend server should listen, is taken by process" in text
    assert str(os.getpid()) in text
    assert "--any-port" in text
    assert not embedded.backend.data.exists()


def test_any_port_takes_a_free_one_and_says_so(home: Path) -> None:
    said: list[str] = []
    embedded = Embedded(home, settings=THROW_AWAY, broker=False, say=said.append)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        embedded.start(ports=Ports(port, port, 0, 0), any_port=True)
        ports = {embedded.backend.port, embedded.ai.port}
        assert len(ports) == 2
        assert port not in ports
        assert sum(f"Port {port} is taken" in line for line in said) == 2
        assert provision(embedded.ai, "SELECT 1;") == "1"
        embedded.stop()


def test_it_works_below_a_folder_nobody_else_may_enter(server: PostgresServer) -> None:
    """A home of mode 0700, as many systems make them."""
    closed = Path(tempfile.mkdtemp(prefix="reciprocity-closed-")).resolve()
    account = server.account
    try:
        if account.is_other:
            os.chown(closed, account.uid, account.gid)
        embedded = Embedded(closed / "home", settings=THROW_AWAY, broker=False)
        one = embedded.backend
        one.port = _free_port()
        one.initialise()
        one.start()
        assert provision(one, "SELECT 1;") == "1"
        one.stop()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(closed)


@pytest.mark.usefixtures("as_root")
def test_a_folder_the_service_user_cannot_reach_is_refused_and_not_opened_up() -> None:
    closed = Path(tempfile.mkdtemp(prefix="reciprocity-closed-")).resolve()
    try:
        with pytest.raises(DataFolderError) as refused:
            Embedded(closed / "home").start(ports=Ports.any())
        assert f"may not enter {closed} (mode 0700)" in str(refused.value)
        assert "Set RECIPROCITY_HOME" in str(refused.value)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(closed)


@pytest.mark.usefixtures("as_root")
def test_programs_of_a_closed_virtual_environment_are_copied_for_the_service_user() -> None:
    binaries = find_postgres(16)
    assert binaries.bundle is not None
    closed = Path(tempfile.mkdtemp(prefix="reciprocity-closed-")).resolve()
    with temporary_home() as store:
        try:
            for part in binaries.bundle.parts:
                source = binaries.bundle.base / part
                shutil.copytree(source, closed / part, symlinks=True)
            (closed / binaries.bundle.parts[0] / "bin/postgres").chmod(0o700)
            bundle = Bundle(binaries.bundle.key, closed, binaries.bundle.parts)
            folder = closed / binaries.folder.relative_to(binaries.bundle.base)
            account = choose_account([], lambda _line: None)
            placed = place_postgres(type(binaries)(folder, 16, bundle), account, store)
            again = place_postgres(type(binaries)(folder, 16, bundle), account, store)
            assert placed == again
            answer = subprocess.run(
                [placed.program("psql"), "--version"],
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
            )
            assert "(PostgreSQL) 16" in answer.stdout
            assert placed.program("postgres").stat().st_uid == 0
            assert [path.name for path in store.iterdir()] == [bundle.key]
        finally:
            shutil.rmtree(closed)


def test_an_interrupted_first_start_leaves_no_half_made_folder(home: Path) -> None:
    embedded = Embedded(home, settings=THROW_AWAY, broker=False)
    embedded.backend.superuser = "pg_not_allowed"
    with pytest.raises(Exception, match="initdb could not make"):
        embedded.backend.initialise()
    assert not embedded.backend.data.exists()
    assert [path.name for path in home.iterdir() if path.name.startswith(".new")] == []


def test_a_process_id_that_was_given_away_is_never_taken_for_ours() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        assert identity.is_alive()
        assert not ProcessIdentity(process.pid, "another start").is_alive()
        process.communicate(b"\n")
        assert not identity.is_alive()
    assert Account.current().switch_uid is None
