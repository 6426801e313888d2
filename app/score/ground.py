"""Two throw-away servers with every database that a mistaken address could reach."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.postgres import PostgresServer
from app.embedded.provisioning import (
    AI_PASSWORD,
    AI_USER,
    BACKEND_SUPERUSER,
    provision,
)
from app.embedded.state import Ports
from app.settings import DatabaseSettings, Sources, load

SETTINGS: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "log_statement": "all",
    "log_connections": "on",
}
NAMES: Final = {Database.AI: "reciprocity_ai", Database.BACKEND: "reciprocity_db"}
PAIR: Final = "the pair"
OTHER: Final = "other"
STAGING: Final = "staging"
EMPTY: Final = "empty"
STRANGER: Final = "stranger"
MAY_NOT_CONNECT: Final = "score_stranger"
MAY_NOT_READ: Final = "score_without_rights"
PASSWORD: Final = "score_pass"  # noqa: S105 - of throw-away servers on loopback

_OBJECTS: Final = """
SELECT 'table', c.relname, (SELECT a.attname FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY attnum LIMIT 1)
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'index' END, c.relname, ''
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('S', 'i')
UNION ALL SELECT 'type', t.typname, '' FROM pg_type t
 WHERE t.typnamespace = 'public'::regnamespace AND t.typrelid = 0 AND t.typcategory <> 'A'
UNION ALL SELECT DISTINCT 'function', p.proname, '' FROM pg_proc p
 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind <> 'a'
   AND NOT EXISTS (SELECT FROM pg_proc q WHERE q.proname = p.proname
                   AND q.pronamespace = 'pg_catalog'::regnamespace)
UNION ALL SELECT DISTINCT 'operator', o.oprname, '' FROM pg_operator o
 WHERE o.oprnamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_operator q WHERE q.oprname = o.oprname
                   AND q.oprnamespace = 'pg_catalog'::regnamespace)
ORDER BY 1, 2;
"""


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """Name one object of a living database; `column` is a table's first."""

    kind: str
    name: str
    column: str = ""


@dataclass(slots=True)
class Ground:
    """Hold the servers, what lives in them, and how to read their logs."""

    servers: Embedded
    living: dict[Database, tuple[Thing, ...]] = field(default_factory=dict)
    _begun: dict[Path, int] = field(default_factory=dict)

    def server(self, database: Database) -> PostgresServer:
        """Give the server of one database."""
        return self.servers.ai if database is Database.AI else self.servers.backend

    def sql(self, database: Database, text: str, *, name: str = "postgres") -> str:
        """Run SQL as a superuser, past every wall and unlogged."""
        return provision(self.server(database), text, database=name)

    def name(self, database: Database, which: str = PAIR) -> str:
        """Name a database of one of the pairs that stand here."""
        return NAMES[database] if which == PAIR else f"{which}_{database}"

    def address(
        self,
        database: Database,
        which: str = PAIR,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        user: str | None = None,
        at: Database | None = None,
    ) -> str:
        """Write an address: the role of `database`, the place of `at` (its own when not given)."""
        own = (AI_USER, AI_PASSWORD) if database is Database.AI else (BACKEND_SUPERUSER,) * 2
        name, password = own if user is None else (user, PASSWORD)
        place = at or database
        port = port or self.server(place).port
        return f"postgresql://{name}:{password}@{host}:{port}/{self.name(place, which)}"

    def environment(self, which: str = PAIR) -> dict[str, str]:
        """Give the two variables of one of the pairs."""
        return {database.variable: self.address(database, which) for database in Database}

    def settings(self, which: str = PAIR) -> DatabaseSettings:
        """Give the settings of one of the pairs."""
        return load(DatabaseSettings, sources(self.environment(which)))

    def mark(self) -> dict[Path, int]:
        """Remember how long the logs are."""
        return {log: log.stat().st_size for log in self._logs()}

    def since(self, mark: Mapping[Path, int] | None = None) -> str:
        """Read what both servers logged since then, or since all was made ready."""
        parts = []
        for log, start in (mark or self._begun).items():
            with log.open("rb") as file:
                file.seek(start)
                parts.append(file.read().decode(errors="replace"))
        return "\n".join(parts)

    def touched(self, mark: Mapping[Path, int]) -> list[str]:
        """Name the tables that statements since then asked for, the two marker tables apart."""
        words = set(re.findall(r"[a-z_][a-z0-9_]*", self.since(mark)))
        markers = {database.identity_table for database in Database}
        return sorted(words & self.tables() - markers)

    def connected(self, mark: Mapping[Path, int]) -> bool:
        """Say whether anybody connected since then."""
        return "connection received" in self.since(mark)

    def tables(self) -> set[str]:
        """Name all tables of both living databases."""
        return {t.name for things in self.living.values() for t in things if t.kind == "table"}

    def _logs(self) -> tuple[Path, Path]:
        return self.servers.ai.log, self.servers.backend.log

    def make_ready(self) -> None:
        """Make every database that stands here, and read the living catalogues."""
        adapter = PostgreSQLAdapter(self.settings())
        migrate(adapter, "test")
        adapter.close()
        for database in Database:
            self._copies(database)
            rows = self.sql(database, _OBJECTS, name=NAMES[database]).splitlines()
            self.living[database] = tuple(Thing(*row.split("|")) for row in rows)
        self._begun = self.mark()

    def _copies(self, database: Database) -> None:
        owner = AI_USER if database is Database.AI else BACKEND_SUPERUSER
        for which in (OTHER, STAGING, EMPTY, STRANGER):
            template = NAMES[database] if which in (OTHER, STAGING) else "template0"
            self.sql(
                database,
                f'CREATE DATABASE "{self.name(database, which)}" TEMPLATE "{template}"'
                f" OWNER {owner} STRATEGY FILE_COPY;",
            )
        pair = uuid.UUID(int=7)
        change = f"UPDATE {database.identity_table} SET"
        other, staging, stranger = (
            self.name(database, which) for which in (OTHER, STAGING, STRANGER)
        )
        self.sql(database, f"{change} pair_id = '{pair}';", name=other)
        self.sql(database, f"{change} environment = 'staging';", name=staging)
        self.sql(database, "CREATE TABLE users (id uuid PRIMARY KEY);", name=stranger)
        self.sql(
            database,
            f"CREATE ROLE {MAY_NOT_CONNECT} LOGIN PASSWORD '{PASSWORD}';"
            f"CREATE ROLE {MAY_NOT_READ} LOGIN PASSWORD '{PASSWORD}';"
            f"GRANT CONNECT ON DATABASE {NAMES[database]} TO {MAY_NOT_READ};",
        )


def sources(values: Mapping[str, str], file: str = ".env") -> Sources:
    """Give variables as if a file had held them."""
    return Sources(values=dict(values), origins=dict.fromkeys(values, file), file=file)


@contextlib.contextmanager
def ground(major: int | None = None) -> Iterator[Ground]:
    """Start the servers, make everything ready, and stop and remove it all at the end."""
    with clean_environment(), temporary_home() as home:
        servers = Embedded(home, major=major, settings=SETTINGS, broker=False)
        servers.start(ports=Ports.any())
        try:
            made = Ground(servers)
            made.make_ready()
            yield made
        finally:
            servers.stop()


@contextlib.contextmanager
def clean_environment(**extra: str) -> Iterator[None]:
    """Hide the caller's own database variables, which are no part of the score."""
    ours = ("DATABASE_", "RECIPROCITY_", "PG", "CELERY_BROKER_URL")
    hidden = {k: v for k, v in os.environ.items() if k.startswith(ours)}
    for name in hidden:
        del os.environ[name]
    os.environ.update(extra)
    try:
        yield
    finally:
        for name in extra:
            os.environ.pop(name, None)
        os.environ.update(hidden)
