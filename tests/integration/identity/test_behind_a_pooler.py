"""PgBouncer between this platform and its servers hides nothing that matters."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import IdentityError
from app.databases.names import Database
from app.settings import DatabaseSettings
from tests.conftest import Pair

AI, BACKEND = Database.AI, Database.BACKEND


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _lines(pair: Pair, port: int) -> str:
    ai = f"host=127.0.0.1 port={pair.servers.ai.port} dbname={pair.name}"
    ai += " user=reciprocity_user password=reciprocity_pass"
    backend = f"host=127.0.0.1 port={pair.servers.backend.port} dbname={pair.name}"
    backend += " user=postgres password=postgres"
    return (
        f"[databases]\nvectors = {ai}\nmembers = {backend}\nvectors_again = {ai}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\nignore_startup_parameters = options\n"
    )


@pytest.fixture
def pooler(pair: Pair, tmp_path: Path) -> Iterator[int]:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    port, settings = _free_port(), tmp_path / "pgbouncer.ini"
    settings.write_text(_lines(pair, port))
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    for folder in (settings, *settings.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    with subprocess.Popen([program, *user, str(settings)], stderr=subprocess.DEVNULL) as process:
        try:
            limit = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    assert time.monotonic() < limit
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def _settings(port: int, ai: str, backend: str) -> DatabaseSettings:
    return DatabaseSettings.model_validate(
        {
            "DATABASE_URL": f"postgresql://u:p@127.0.0.1:{port}/{ai}",
            "RECIPROCITY_BACKEND_DB_URL": f"postgresql://u:p@127.0.0.1:{port}/{backend}",
        }
    )


def test_a_true_pair_behind_one_pooler_is_accepted(pooler: int) -> None:
    adapter = PostgreSQLAdapter(_settings(pooler, "vectors", "members"))
    adapter.verify()
    adapter.verify()
    adapter.close()


def test_names_that_the_pooler_exchanges_are_found(pooler: int) -> None:
    adapter = PostgreSQLAdapter(_settings(pooler, "members", "vectors"))
    with pytest.raises(IdentityError, match="swapped"):
        adapter.verify()
    adapter.close()


def test_two_names_of_the_pooler_for_one_database_are_found_by_its_locks(
    pair: Pair, pooler: int
) -> None:
    marker = pair.sql(AI, "SELECT environment || ''',''' || pair_id FROM ai_identity;")
    pair.sql(
        AI,
        "CREATE TABLE backend_identity (role text, environment text, pair_id uuid);"
        f"INSERT INTO backend_identity VALUES ('backend', '{marker}');"
        "GRANT SELECT ON backend_identity TO reciprocity_user;",
    )
    adapter = PostgreSQLAdapter(_settings(pooler, "vectors", "vectors_again"))
    with pytest.raises(IdentityError, match="the same database by two names"):
        adapter.verify()
    adapter.close()
