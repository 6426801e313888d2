"""Real servers for every test that asks: two PostgreSQL servers and a fresh pair of databases."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.adapters import member_files
from app.adapters.embedding import Embedder, build_embedder
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter, postgresql_adapter
from app.adapters.token_states import TokenStates
from app.cli.main import main
from app.databases.names import Database
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.postgres import PostgresServer
from app.embedded.provisioning import provision
from app.embedded.state import Ports
from app.sample import community_path
from app.services import import_members
from app.services.model_registry import register_model
from app.settings import DatabaseSettings
from app.workers.relay import Relay
from tests.people import People

ROOT = Path(__file__).parent.parent
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "log_statement": "all",
}
# psql runs each row of the answer as a statement.
_DIGEST_EACH_TABLE = r"""
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %I t',
              relname, relname)
FROM pg_stat_user_tables ORDER BY relname \gexec
"""
_numbers = itertools.count()

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Ended:
    """What a command said, and its exit status."""

    status: int
    stdout: str
    stderr: str


Reciprocity = Callable[..., Ended]


@dataclass(frozen=True)
class Pair:
    """Two fresh databases, and how to reach them."""

    servers: Embedded
    name: str
    settings: DatabaseSettings

    def server(self, database: Database) -> PostgresServer:
        return self.servers.ai if database is Database.AI else self.servers.backend

    def sql(self, database: Database, text: str) -> str:
        """Run SQL as the server's superuser, past every wall; unaligned rows come back."""
        return provision(self.server(database), text, database=self.name)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.settings.database_url,
            "RECIPROCITY_BACKEND_DB_URL": self.settings.backend_database_url,
        }

    def contents(self) -> dict[str, str]:
        """Digest every table of both databases, to tell that nothing at all was changed."""
        found: dict[str, str] = {}
        for database in Database:
            rows = self.sql(database, _DIGEST_EACH_TABLE).splitlines()
            found |= dict(row.split("|", 1) for row in rows)
        return found

    def log(self, database: Database) -> str:
        """Read the server's log, in which every statement stands that reached it."""
        return self.server(database).log.read_text(encoding="utf-8", errors="replace")


def _settings(servers: Embedded, name: str) -> DatabaseSettings:
    ai, backend = servers.ai.port, servers.backend.port
    return DatabaseSettings.model_validate(
        {
            "DATABASE_URL": f"postgresql://reciprocity_user:reciprocity_pass@127.0.0.1:{ai}/{name}",
            "RECIPROCITY_BACKEND_DB_URL": f"postgresql://postgres:postgres@127.0.0.1:{backend}/{name}",
        }
    )


@pytest.fixture(scope="session")
def servers() -> Iterator[Embedded]:
    major = int(os.environ.get("RECIPROCITY_TEST_POSTGRES", "18"))
    with temporary_home() as home:
        embedded = Embedded(home, major=major, settings=THROW_AWAY)
        embedded.start(ports=Ports.any())
        try:
            yield embedded
        finally:
            embedded.stop()


@pytest.fixture(scope="session", autouse=True)
def _models_opened_once() -> Iterator[None]:
    """Open each model once a process, not once for each application: they are the same, and large."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.bootstrap.build_embedder", cache(build_embedder))
        patched.setattr("app.bootstrap.TokenStates", cache(TokenStates))
        yield


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return build_embedder()


def _create(servers: Embedded, name: str, template: str) -> None:
    _on_both(
        servers,
        f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER reciprocity_user STRATEGY FILE_COPY;',
        f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER postgres STRATEGY FILE_COPY;',
    )


def _on_both(servers: Embedded, on_ai: str, on_backend: str) -> None:
    """Run a statement on each server at the same time, as superuser."""
    with ThreadPoolExecutor(2) as both:
        work = [
            both.submit(provision, servers.ai, on_ai),
            both.submit(provision, servers.backend, on_backend),
        ]
        for one in work:
            one.result()


@pytest.fixture(scope="session")
def empty_template(servers: Embedded) -> str:
    """Two databases as a DBA hands them over: empty, pgvector installed in the AI one."""
    _create(servers, "empty", "template0")
    provision(servers.ai, "CREATE EXTENSION vector;", database="empty")
    return "empty"


@pytest.fixture(scope="session")
def migrated_template(servers: Embedded, empty_template: str, embedder: Embedder) -> str:
    _create(servers, "migrated", empty_template)
    adapter = PostgreSQLAdapter(_settings(servers, "migrated"))
    migrate(adapter, "test")
    with adapter.migrating_ai() as ai:
        register_model(ai, embedder.model, embedder.dimensions)
    adapter.close()
    return "migrated"


@pytest.fixture(scope="session")
def matched_template(servers: Embedded, migrated_template: str, embedder: Embedder) -> str:
    """The sample community, imported, approved and matched."""
    _create(servers, "matched", migrated_template)
    adapter = PostgreSQLAdapter(_settings(servers, "matched"))
    rows = member_files.read(community_path())
    import_members.import_members(adapter, rows, approve=True, progress=lambda _count: None)
    Relay(adapter, embedder).look()
    adapter.close()
    return "matched"


def _pair(servers: Embedded, template: str) -> Iterator[Pair]:
    name = f"pair_{next(_numbers)}"
    _create(servers, name, template)
    yield Pair(servers, name, _settings(servers, name))
    drop = f'DROP DATABASE "{name}" WITH (FORCE);'
    _on_both(servers, drop, drop)


@pytest.fixture
def empty_pair(servers: Embedded, empty_template: str) -> Iterator[Pair]:
    yield from _pair(servers, empty_template)


@pytest.fixture
def pair(servers: Embedded, migrated_template: str) -> Iterator[Pair]:
    yield from _pair(servers, migrated_template)


@pytest.fixture
def matched_pair(servers: Embedded, matched_template: str) -> Iterator[Pair]:
    """A community of its own that has its matches, to be changed by the test."""
    yield from _pair(servers, matched_template)


@pytest.fixture(scope="module")
def read_only_pair(servers: Embedded, matched_template: str) -> Iterator[Pair]:
    """A community that has its matches, shared by a module's tests: they may only read it."""
    yield from _pair(servers, matched_template)


@pytest.fixture
def adapter(pair: Pair) -> Iterator[PostgreSQLAdapter]:
    made = PostgreSQLAdapter(pair.settings)
    yield made
    made.close()


@pytest.fixture
def relay(adapter: PostgreSQLAdapter, embedder: Embedder) -> Relay:
    """The worker's work, done when the test says so."""
    return Relay(adapter, embedder)


@pytest.fixture
def people(adapter: PostgreSQLAdapter) -> People:
    """Members whose words are chosen by the test, matched by the words they share."""
    return People(adapter)


@pytest.fixture
def reciprocity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Reciprocity]:
    """Run `reciprocity ARGUMENTS` in this process, which is quicker than a new one."""

    def command(*arguments: str, environment: dict[str, str]) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            for name in ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL", "CELERY_BROKER_URL"):
                patched.delenv(name, raising=False)
            patched.setenv("RECIPROCITY_ENV_FILE", "/nonexistent/.env")
            for name, value in environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["reciprocity", *arguments])
            try:
                main()
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else 1
            else:
                status = 0
            finally:
                postgresql_adapter.close()
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    yield command
    postgresql_adapter.after_work_written = None


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command of this project as its own process, with an environment of its own."""

    def command(
        arguments: Sequence[str],
        environment: dict[str, str],
        *,
        cwd: Path = ROOT,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        clean = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
        return subprocess.run(
            [sys.executable, *arguments],
            env=clean | {"RECIPROCITY_ENV_FILE": "/nonexistent/.env"} | environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return command
