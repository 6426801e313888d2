"""Faults in what a service is started with: every one must end the start before any work."""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError, IdentityError, WrongDatabaseError
from app.databases.names import Database
from app.errors import SettingsError
from app.score.ground import (
    EMPTY,
    MAY_NOT_CONNECT,
    MAY_NOT_READ,
    OTHER,
    STAGING,
    STRANGER,
    Ground,
    clean_environment,
    sources,
)
from app.score.model import Result, Wall
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    WorkerSettings,
    load,
)

Values = dict[str, str]
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


@dataclass(frozen=True, slots=True)
class Mistake:
    """Hold one mistake: what the service is given, and what a program without walls would use.

    `careless` is None where even the driver cannot make anything of it.
    """

    name: str
    given: Values
    careless: Values | None
    process: Values | None = None


BROKER: Final = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}  # never asked before the walls


def mistakes(ground: Ground, alias_ports: Mapping[Database, int]) -> Iterator[Mistake]:
    """Make every mistake in the two addresses."""
    right = ground.environment()
    for database in Database:
        yield from _of_the_text(ground, right, database)
        yield from _filled_by_the_driver(ground, right, database)
        yield from _twice(ground, right, database, alias_ports[database])
        yield from _elsewhere(ground, right, database)
    ai, backend = (right[database.variable] for database in Database)
    swapped = {Database.AI.variable: backend, Database.BACKEND.variable: ai}
    yield Mistake("the two addresses swapped", swapped, swapped)
    staging = ground.environment(STAGING)
    named = {"RECIPROCITY_ENVIRONMENT": "test"}
    yield Mistake("both of another environment", {**staging, **named}, staging)
    for wrong in ("development", "staging", "production"):
        given = {**right, "RECIPROCITY_ENVIRONMENT": wrong}
        yield Mistake(f"RECIPROCITY_ENVIRONMENT is {wrong} beside a test pair", given, right)


def _of_the_text(ground: Ground, right: Values, database: Database) -> Iterator[Mistake]:
    name, address = database.variable, right[database.variable]
    rest = {key: value for key, value in right.items() if key != name}
    fallback = {**rest, name: rest[database.other.variable]}
    yield Mistake(f"{name} missing", rest, fallback)
    for what, value in (("empty", ""), ("blank", "   ")):
        yield Mistake(f"{name} {what}", {**rest, name: value}, fallback)
    for slip in (name.lower(), name[:-1], name + "_", name[0] + name[2] + name[1] + name[3:]):
        yield Mistake(f"{name} written {slip}", {**rest, slip: address}, fallback)
    user, place = address.removeprefix("postgresql://").split("@")
    host = place.split("/")[0]
    broken = {
        "another scheme": f"mysql://{user}@{place}",
        "SQLAlchemy's scheme": f"postgresql+psycopg://{user}@{place}",
        "no scheme": f"{user}@{place}",
        "a list of keywords": f"host={host.split(':')[0]} dbname={ground.name(database)}",
        "no host": f"postgresql://{user}@/{ground.name(database)}",
        "no user": f"postgresql://{place}",
        "no database": f"postgresql://{user}@{host}",
        "nothing after the scheme": "postgresql://",
        "a port in words": f"postgresql://{user}@{host.split(':')[0]}:five/{place.split('/')[1]}",
        "an @ in the password": f"postgresql://{user.replace(':', ':p@')}@{place}",
        "quotes around it": f'"{address}"',
        "a blank before it": f" {address}",
        "a search_path": f"{address}?options=-csearch_path%3Dother",
        "a service file": f"{address}?service=other",
    }
    for what, value in broken.items():
        yield Mistake(f"{name} with {what}", {**rest, name: value}, None)


def _filled_by_the_driver(ground: Ground, right: Values, database: Database) -> Iterator[Mistake]:
    name = database.variable
    user, place = right[name].removeprefix("postgresql://").split("@")
    other = ground.server(database.other).port
    filled = {
        "PGPORT": (f"postgresql://{user}@127.0.0.1/{place.split('/')[1]}", str(other)),
        "PGPASSWORD": (f"postgresql://{user.split(':')[0]}@{place}", "of_another"),
        "PGHOSTADDR": (right[name], "127.0.0.9"),
        "PGSERVICE": (right[name], "other"),
        "PGOPTIONS": (right[name], "-csearch_path=other"),
    }
    half = {**right, name: ground.address(database, at=database.other)}
    for variable, (address, value) in filled.items():
        given = {**right, name: address}
        yield Mistake(f"{variable} fills in {name}", given, half, {variable: value})


def _twice(ground: Ground, right: Values, database: Database, alias_port: int) -> Iterator[Mistake]:
    """Give both variables addresses of one database, by every other name it has."""
    address = right[database.variable]
    port = ground.server(database).port
    other = database.other.variable
    written = address.split("@")
    names = ("localhost", "LOCALHOST", "localhost.", "127.1", "0x7f.0.0.1", "127.0.0.1,127.0.0.1")
    aliases = {f"host {host}": ground.address(database, host=host) for host in names}
    aliases |= {
        "the same letters": address,
        "a parameter more": f"{address}?sslmode=disable",
        "postgres://": address.replace("postgresql://", "postgres://"),
        "another user": f"postgresql://{MAY_NOT_READ}:x@{written[1]}",
        "127.0.0.2": ground.address(database, host="127.0.0.2", port=alias_port),
        "another port that is handed on": ground.address(
            database, host="127.0.0.2", port=alias_port
        )
        + "?connect_timeout=5",
        "hostaddr": f"postgresql://{written[0].removeprefix('postgresql://')}@db:{port}/"
        f"{ground.name(database)}?hostaddr=127.0.0.1",
    }
    for what, alias in aliases.items():
        both = {**right, other: alias}
        yield Mistake(f"{other} reaches the {database} database as well: {what}", both, both)


def _elsewhere(ground: Ground, right: Values, database: Database) -> Iterator[Mistake]:
    name = database.variable
    user = ground.address(database, user=MAY_NOT_CONNECT)
    wrong = {
        "a database restored for another pair": ground.address(database, OTHER),
        "a database of another environment": ground.address(database, STAGING),
        "an empty database": ground.address(database, EMPTY),
        "a stranger's database": ground.address(database, STRANGER),
        "the other server with its own role": ground.address(database, at=database.other),
        "a role that may not connect": user,
        "a role that may read nothing": ground.address(database, user=MAY_NOT_READ),
        "a wrong password": ground.address(database).replace(":", ":no_", 2).replace("no_", "", 1),
    }
    for what, address in wrong.items():
        given = {**right, name: address}
        yield Mistake(f"{name} reaches, or has, {what}", given, given)


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
    with clean_environment():
        named = {
            key: value for key, value in mistake.given.items() if key == "RECIPROCITY_ENVIRONMENT"
        }
        try:
            settings = _unchecked({**mistake.careless, **named})
            caught, _ = _prove(settings, PostgreSQLAdapter.verify)
        except psycopg.Error:
            caught = "the server"
        if caught:
            found.add(caught)
        found |= _first_statements(ground, _unchecked(mistake.careless))
    return frozenset(found)


def _first_statements(ground: Ground, settings: DatabaseSettings) -> set[Wall]:
    """Ask both databases for a table of theirs on connections that nobody verified."""
    del ground
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


@contextlib.contextmanager
def handed_on(to_port: int, host: str = "127.0.0.2") -> Iterator[int]:
    """Give a server a second address, as a pooler or a container's network would."""
    listener = socket.create_server((host, 0))
    thread = threading.Thread(target=_accept, args=(listener, to_port), daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener: socket.socket, to_port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            inner, _ = listener.accept()
            outer = socket.create_connection(("127.0.0.1", to_port))
            for one, two in ((inner, outer), (outer, inner)):
                threading.Thread(target=_pump, args=(one, two), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
