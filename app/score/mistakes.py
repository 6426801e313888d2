"""Every mistake somebody can make in the two addresses that a service is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.databases.names import Database
from app.score.ground import (
    EMPTY,
    MAY_NOT_CONNECT,
    MAY_NOT_READ,
    OTHER,
    STAGING,
    STRANGER,
    Ground,
)

Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Hold one mistake: what the service is given, and what a program without walls would use.

    `careless` is None where even the driver cannot make anything of it.
    """

    name: str
    given: Values
    careless: Values | None
    process: Values | None = None


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
