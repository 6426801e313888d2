from __future__ import annotations

import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.embedded.broker import RedisServer
from app.embedded.embedded import Embedded
from app.embedded.errors import ProvisioningError
from app.embedded.home import temporary_home
from app.embedded.provisioning import provision
from app.embedded.state import Ports

_LISTENING = "0A"

Psql = Callable[..., subprocess.CompletedProcess[str]]
SecretsOf = Callable[[Embedded], list[str]]


def _broker(running: Embedded) -> RedisServer:
    assert running.broker is not None
    return running.broker


def _own_addresses() -> list[str]:
    """The address other machines would use; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def test_the_documented_lines_work_on_both_servers(running: Embedded, psql: Psql) -> None:
    ai = psql(running.ai, "reciprocity_user", "reciprocity_pass", "reciprocity_ai", "SELECT 1")
    backend = psql(running.backend, "postgres", "postgres", "reciprocity_db", "SELECT 2")
    assert (ai.stdout.strip(), ai.stderr) == ("1", "")
    assert (backend.stdout.strip(), backend.stderr) == ("2", "")


def test_the_wanted_major_version_runs(running: Embedded) -> None:
    wanted = running.ai.binaries.major
    for server in (running.ai, running.backend):
        version = provision(server, "SHOW server_version_num;")
        assert int(version) // 10_000 == wanted


def test_a_wrong_password_is_refused(running: Embedded, psql: Psql) -> None:
    for server, user, database in (
        (running.ai, "reciprocity_user", "reciprocity_ai"),
        (running.ai, "reciprocity_admin", "reciprocity_ai"),
        (running.backend, "postgres", "reciprocity_db"),
    ):
        answer = psql(server, user, "guessed", database, "SELECT 1")
        assert answer.returncode == 2
        assert "password authentication failed" in answer.stderr


def test_passwords_are_kept_as_scram_only(running: Embedded) -> None:
    for server in (running.ai, running.backend):
        sql = "SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolcanlogin;"
        assert provision(server, sql) == "SCRAM-SHA-256"
        methods = provision(server, "SELECT DISTINCT auth_method FROM pg_hba_file_rules;")
        assert methods == "scram-sha-256"


def test_the_ai_role_is_no_superuser_and_owns_its_database(running: Embedded, psql: Psql) -> None:
    sql = (
        "SELECT rolsuper, rolcreatedb, rolcreaterole, pg_get_userbyid(datdba) = rolname"
        " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
    )
    ai = psql(running.ai, "reciprocity_user", "reciprocity_pass", "reciprocity_ai", sql)
    assert ai.stdout.strip() == "f|f|f|t"


def test_vectors_can_be_stored_by_the_ai_role(running: Embedded, psql: Psql) -> None:
    sql = (
        "CREATE TEMP TABLE t (v vector(3)); INSERT INTO t VALUES ('[1,2,3]'); SELECT v <=> v FROM t"
    )
    ai = psql(running.ai, "reciprocity_user", "reciprocity_pass", "reciprocity_ai", sql)
    assert ai.stdout.split()[-1] == "0", ai.stderr


def test_nobody_else_may_connect(running: Embedded, psql: Psql) -> None:
    for server, database in ((running.ai, "reciprocity_ai"), (running.backend, "reciprocity_db")):
        provision(server, "CREATE ROLE stranger LOGIN PASSWORD 'stranger';")
        try:
            for name in (database, "postgres", "template1"):
                answer = psql(server, "stranger", "stranger", name, "SELECT 1")
                assert "permission denied for database" in answer.stderr
        finally:
            provision(server, "DROP ROLE stranger;")


def test_texts_are_unicode_and_their_case_too(running: Embedded) -> None:
    for server, database in ((running.ai, "reciprocity_ai"), (running.backend, "reciprocity_db")):
        assert provision(server, "SHOW server_encoding; SELECT lower('JOSÉ');", database) == (
            "UTF8\njosé"
        )


def test_pages_carry_checksums(running: Embedded) -> None:
    for server in (running.ai, running.backend):
        assert provision(server, "SHOW data_checksums;") == "on"


def test_servers_listen_on_loopback_only_and_have_no_socket(running: Embedded) -> None:
    ports = {running.ai.port, running.backend.port, _broker(running).port}
    listeners = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if line.split()[3] == _LISTENING and int(port, 16) in ports:
                listeners.add((address, int(port, 16)))
    assert listeners == {("0100007F", port) for port in ports}
    for server in (running.ai, running.backend):
        assert provision(server, "SHOW unix_socket_directories;") == ""
    for address in _own_addresses():
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, running.ai.port), timeout=2)


def test_passwords_stand_in_no_log_and_no_process_list(
    running: Embedded, secrets_of: SecretsOf
) -> None:
    with pytest.raises(ProvisioningError) as refused:
        provision(running.ai, "CREATE ROLE reciprocity_user PASSWORD 'kept-to-itself';")
    secrets = [*secrets_of(running), "kept-to-itself"]
    assert not any(secret in str(refused.value) for secret in secrets)
    assert not any(secret in repr(running.ai) + repr(_broker(running)) for secret in secrets)
    texts = [path.read_text(encoding="utf-8") for path in running.home.logs.iterdir()]
    texts.append(running.home.state.read_text(encoding="utf-8"))
    for server in running.servers.values():
        texts.append(Path(f"/proc/{server.pid}/cmdline").read_text(encoding="utf-8"))
        texts.append(Path(f"/proc/{server.pid}/environ").read_text(encoding="utf-8"))
    assert len(texts) >= 10
    assert not [secret for secret in secrets if any(secret in text for text in texts)]


def test_redis_wants_its_password(running: Embedded) -> None:
    with socket.create_connection(("127.0.0.1", _broker(running).port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_the_superusers_password_is_readable_by_its_owner_only(running: Embedded) -> None:
    secrets = running.home.root / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert list(running.home.root.rglob("*password*")) == []


@pytest.mark.usefixtures("as_root")
def test_the_servers_do_not_run_as_root_and_own_only_their_data(running: Embedded) -> None:
    for server in running.servers.values():
        assert Path(f"/proc/{server.pid}").stat().st_uid == running.ai.account.uid != 0
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for path in (running.home.root, running.home.logs, running.home.state):
        assert path.stat().st_uid == 0


def test_the_variables_name_the_servers(running: Embedded) -> None:
    variables = running.environment()
    assert variables["DATABASE_URL"] == (
        f"postgresql://reciprocity_user:reciprocity_pass@127.0.0.1:{running.ai.port}/reciprocity_ai"
    )
    assert variables["RECIPROCITY_BACKEND_DB_URL"] == (
        f"postgresql://postgres:postgres@127.0.0.1:{running.backend.port}/reciprocity_db"
    )
    assert variables["CELERY_BROKER_URL"].endswith(f"@127.0.0.1:{_broker(running).port}/0")
    assert variables["RECIPROCITY_ENVIRONMENT"] == "development"


def test_another_object_on_the_folder_finds_the_running_servers(running: Embedded) -> None:
    other = Embedded(running.home.root, major=running.ai.binaries.major)
    assert other.environment() == running.environment()
    before = {name: server.pid for name, server in running.servers.items()}
    other.start(ports=Ports.any())
    assert {name: server.pid for name, server in other.servers.items()} == before


def test_driver_variables_of_the_caller_have_no_say(
    running: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGHOST": "192.0.2.1", "PGPORT": "1", "PGSERVICE": "none"}.items():
        monkeypatch.setenv(name, value)
    assert provision(running.backend, "SELECT 1;") == "1"


def test_another_broker_makes_ours_needless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    with temporary_home() as path:
        embedded = Embedded(path)
        assert embedded.broker is None
        assert "redis" not in embedded.servers


def test_a_shell_that_took_our_variables_over_names_no_other_broker(
    running: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", running.environment()["CELERY_BROKER_URL"])
    other = Embedded(running.home.root, major=running.ai.binaries.major)
    assert other.broker is not None
    assert other.broker.pid == _broker(running).pid


def test_fresh_servers_are_ready_within_seconds_and_their_folder_can_be_deleted(
    home: Path,
) -> None:
    said: list[str] = []
    embedded = Embedded(home, broker=False, say=said.append)
    begin = time.monotonic()
    embedded.start(ports=Ports.any())
    took = time.monotonic() - begin
    embedded.stop()
    shutil.rmtree(home)
    assert not home.exists()
    assert took < 15  # 1.3 s on two idle cores
    assert sum("new data folder" in line for line in said) == 2


def test_environment_and_files_name_no_absolute_place(running: Embedded) -> None:
    assert str(running.home.root) not in running.home.state.read_text(encoding="utf-8")
