"""Faults in what a service is started with: every one must end the start before any work."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError, IdentityError, WrongDatabaseError
from app.databases.names import Database
from app.errors import SettingsError
from app.score.aliases import handed_on
from app.score.ground import (
    OTHER,
    Ground,
    clean_environment,
    sources,
)
from app.score.mistakes import Mistake, Values, mistakes
from app.score.model import Result, Wall
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    WorkerSettings,
    load,
)

Begin = Callable[[PostgreSQLAdapter], object]
_LOGIN: Final = re.compile(
    r"authentication failed|permission denied for database|role .* does not exist|no pg_hba"
)


@dataclass(frozen=True, slots=True)
class Service:
    """Say how a service starts: what it reads, and what it proves before it works."""

    name: str
    kind: type[DatabaseSettings]
    begin: Begin


def _migrate(adapter: PostgreSQLAdapter) -> None:
    migrate(adapter, adapter.settings.environment or "test")
    adapter.verify()


SERVICES: Final = (
    Service("ai-service", ApiSettings, PostgreSQLAdapter.verify),
    Service("celery-worker", WorkerSettings, PostgreSQLAdapter.verify),
    Service("migrate", CommandSettings, _migrate),
    Service("import", CommandSettings, PostgreSQLAdapter.verify),
)


BROKER: Final = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}  # never asked before the walls


def run(ground: Ground, every: int = 1) -> Iterator[Result]:
    """Start each service with each mistake, and with what is right."""
    with contextlib.ExitStack() as stack:
        ports = {d: stack.enter_context(handed_on(ground.server(d).port)) for d in Database}
        several = list(mistakes(ground, ports))
        backups = {m.name: alone(ground, m) for m in several[::every]}
        for service in SERVICES:
            for mistake in several[::every]:
                if not _no_mistake_for(service, mistake):
                    yield attempt(ground, service, mistake, backups[mistake.name])
            yield from _right(ground, service, 1 if every == 1 else 3)


def _no_mistake_for(service: Service, mistake: Mistake) -> bool:
    """Say whether this is what the service is for: an AI database that was lost is migrated anew."""
    return service.name == "migrate" and mistake.name.startswith(
        "DATABASE_URL reaches, or has, an e"
    )


def attempt(
    ground: Ground,
    service: Service,
    mistake: Mistake,
    backups: frozenset[Wall],
    family: str = "a service, a fault in an address",
    base: Mapping[str, str] = BROKER,
) -> Result:
    """Start one service with one mistake; tell what stopped it and what the servers saw."""
    mark = ground.mark()
    caught, note = _start(service, {**base, **mistake.given}, mistake.process or {})
    touched = ground.touched(mark)
    early = caught == "settings" and ground.connected(mark)
    return Result(
        family,
        f"{service.name}: {mistake.name}",
        caught,
        backups,
        reached=bool(touched) or early,
        note=f"{note} {touched or ''}".strip(),
    )


def _start(service: Service, given: Values, process: Values) -> tuple[Wall | None, str]:
    with clean_environment(**process):
        try:
            settings = load(service.kind, sources(given))
        except SettingsError as error:
            return "settings", str(error)
        return _prove(settings, service.begin)


def _prove(settings: DatabaseSettings, begin: Begin) -> tuple[Wall | None, str]:
    adapter = PostgreSQLAdapter(settings)
    try:
        begin(adapter)
    except IdentityError as error:
        return "identity", str(error)
    except WrongDatabaseError as error:
        return "guard", str(error)
    except DatabaseUnavailableError as error:
        return ("roles" if _LOGIN.search(str(error)) else "the start"), str(error)
    except psycopg.Error as error:
        return "the server", str(error)
    finally:
        adapter.close()
    return None, "it started"


def _unchecked(values: Values) -> DatabaseSettings:
    """Make settings that nobody has looked at."""
    ai, backend = (values[database.variable] for database in Database)
    return DatabaseSettings.model_construct(
        database_url=ai,
        backend_database_url=backend,
        environment=values.get("RECIPROCITY_ENVIRONMENT"),
        pool_size=2,
        connect_timeout=5,
        statement_timeout=10,
    )


def alone(ground: Ground, mistake: Mistake) -> frozenset[Wall]:
    """Find what stops a mistake when the settings do not look, and when the identity does not either."""
    if mistake.careless is None:
        return frozenset({"settings", "the server"})  # the driver itself cannot read it
    found: set[Wall] = set()
    named = {k: v for k, v in mistake.given.items() if k == "RECIPROCITY_ENVIRONMENT"}
    with clean_environment():
        caught = _unchecked_start({**mistake.careless, **named})
        found |= {caught} if caught else set()
        if caught == "roles":  # a refused login hides what would have been found behind it
            behind = _unchecked_start({**_with_a_role(ground, mistake.careless), **named})
            found |= {behind} if behind else set()
        found |= _first_statements(_unchecked(mistake.careless))
    return frozenset(found)


def _unchecked_start(values: Values) -> Wall | None:
    try:
        return _prove(_unchecked(values), PostgreSQLAdapter.verify)[0]
    except psycopg.Error:
        return "the server"


def _with_a_role(ground: Ground, values: Values) -> Values:
    """Give each address a role that its server knows, as if one role were good everywhere."""
    made: Values = {}
    for name, address in values.items():
        place = address.rsplit("@", maxsplit=1)[-1]
        known = {f":{ground.server(database).port}/": database for database in Database}
        at = next((database for port, database in known.items() if port in place), None)
        role = "" if at is None else ground.address(at).rsplit("@", maxsplit=1)[0]
        made[name] = f"{role}@{place}" if role else address
    return made


def _first_statements(settings: DatabaseSettings) -> set[Wall]:
    """Ask both databases for a table of theirs on connections that nobody verified."""
    adapter = PostgreSQLAdapter(settings)
    found: set[Wall] = set()
    try:
        with adapter.migrating_ai() as ai:
            ai.execute("SELECT 1 FROM embeddings LIMIT 0")
        with adapter.migrating_backend() as backend:
            backend.execute("SELECT 1 FROM users LIMIT 0")
    except psycopg.errors.UndefinedTable:
        found.add("the server")
    except psycopg.errors.InsufficientPrivilege:
        found.add("roles")
    except DatabaseUnavailableError as error:
        found.add("roles" if _LOGIN.search(str(error)) else "the server")
    finally:
        adapter.close()
    return found


def _right(ground: Ground, service: Service, every: int) -> Iterator[Result]:
    right = ground.environment()
    ways = {
        "as written": right,
        "localhost": {d.variable: ground.address(d, host="localhost") for d in Database},
        "postgres://": {k: v.replace("postgresql://", "postgres://") for k, v in right.items()},
        "sslmode": {k: f"{v}?sslmode=prefer" for k, v in right.items()},
        "the environment named": {**right, "RECIPROCITY_ENVIRONMENT": "test"},
        "another whole pair": ground.environment(OTHER),
    }
    for what, given in itertools.islice(ways.items(), 0, None, every):
        mark = ground.mark()
        caught, note = _start(service, {**BROKER, **given}, {})
        refused = caught or (None if note == "it started" else "the server")
        yield Result(
            "each service on its right pair",
            f"{service.name}: {what}",
            refused,
            reached=ground.connected(mark),
            right=True,
            note=note,
        )
