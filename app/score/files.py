"""Mutants of the files that set a service up: .env and its kin, and the compose files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.databases.names import Database
from app.embedded.home import project_folder
from app.lint.compose import YamlMissingError
from app.score.ground import Ground
from app.score.mistakes import Mistake, Values
from app.score.model import Result, Wall
from app.score.starts import BROKER, SERVICES, Service, alone, attempt
from app.settings import names, read_env_file

_ENVIRONMENT: Final = "RECIPROCITY_ENVIRONMENT"
_FAMILY: Final = "a mutant of (service, file, variable)"
_VARIABLES: Final = {database.variable: database for database in Database}


@dataclass(frozen=True, slots=True)
class SetUp:
    """Hold what one file gives to one service."""

    file: str
    service: Service
    variables: tuple[str, ...]


def set_ups(root: Path | None = None) -> Iterator[SetUp]:
    """List every service that a file of the project sets up, with the variables it gives."""
    root = root or project_folder()
    for path in sorted(root.glob(".env*")):
        for service in SERVICES:
            yield from _set_up(path, service, set(read_env_file(path)))
    for path in sorted(root.glob("*compose*.y*ml")):
        for name, variables in _services(path).items():
            for service in SERVICES:
                if service.name == name:
                    yield from _set_up(path, service, variables)


def _set_up(path: Path, service: Service, given: set[str]) -> Iterator[SetUp]:
    known = tuple(sorted(given & names(service.kind)))
    if set(_VARIABLES) <= set(known):
        yield SetUp(path.name, service, known)


def _services(path: Path) -> dict[str, set[str]]:
    try:
        import yaml  # noqa: PLC0415 - a development dependency, needed here only
    except ImportError:
        raise YamlMissingError(
            "The score reads compose files with PyYAML: pip install pyyaml"
        ) from None
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for name, service in (read.get("services") or {}).items():
        given = service.get("environment") or {}
        found[name] = (
            {item.split("=")[0] for item in given} if isinstance(given, list) else set(given)
        )
    return found


def _living(ground: Ground, set_up: SetUp) -> Values:
    """Give the variables of a file, their addresses replaced by those of living databases."""
    values = dict(BROKER) | {_ENVIRONMENT: "test"} | ground.environment()
    numbers = {"API_PORT", "WORKER_CONCURRENCY", "DATABASE_POOL_SIZE", "EMBEDDING_DIMENSIONS"}
    return {
        name: values.get(name, "8" if name in numbers else "")
        for name in set_up.variables
        if name in values or name in numbers
    }


def mutants(ground: Ground, set_up: SetUp) -> Iterator[Mistake]:
    """Make every mutant of one file for one service."""
    right = _living(ground, set_up)
    required = {f.alias for f in set_up.service.kind.model_fields.values() if f.is_required()}
    for name in right:
        rest = {key: value for key, value in right.items() if key != name}
        careless = {**rest, name: right[name]}
        database = _VARIABLES.get(name)
        if database is not None:
            careless = {**rest, name: right[database.other.variable]}
            yield from _other_values(ground, right, database)
        if name in required:
            yield Mistake(f"{name} taken out", rest, careless)
            yield Mistake(f"{name} emptied", {**rest, name: ""}, careless)
        for slip in (name[:-2] + name[-1], name[:3] + name[4] + name[3] + name[5:], name.title()):
            if (slip != name and slip.upper() != name) or slip not in right:
                yield Mistake(f"{name} written {slip}", {**rest, slip: right[name]}, careless)
    if _ENVIRONMENT in right:
        for wrong in ("development", "staging", "production", "prod"):
            yield Mistake(
                f"{_ENVIRONMENT} set to {wrong}", {**right, _ENVIRONMENT: wrong}, dict(right)
            )


def _other_values(ground: Ground, right: Values, database: Database) -> Iterator[Mistake]:
    name, other = database.variable, right[database.other.variable]
    own = right[name]
    user, place = own.removeprefix("postgresql://").split("@")
    other_user, other_place = other.removeprefix("postgresql://").split("@")
    server, other_name = place.split("/")[0], other_place.split("/")[1]
    changed = {
        f"set to what {database.other.variable} holds": other,
        "with the other's host and port": ground.address(database, at=database.other),
        "with the other's database name": f"postgresql://{user}@{server}/{other_name}",
        "with the other's user": f"postgresql://{other_user}@{place}",
        "with the other's user and database name": f"postgresql://{other_user}@{server}/{other_name}",
    }
    for what, value in changed.items():
        given = {**right, name: value}
        yield Mistake(f"{name} {what}", given, given)
    swapped = {**right, name: other, database.other.variable: own}
    if database is Database.AI:
        yield Mistake("the two exchanged", swapped, swapped)


def run(ground: Ground, every: int = 1) -> Iterator[Result]:
    """Start each service with each mutant of each file."""
    backups: dict[str, frozenset[Wall]] = {}
    number = 0
    for set_up in set_ups():
        for mistake in mutants(ground, set_up):
            number += 1
            if number % every:
                continue
            if mistake.name not in backups:
                backups[mistake.name] = alone(ground, mistake)
            stops = backups[mistake.name]
            base = {} if set(BROKER) <= set(set_up.variables) else BROKER
            result = attempt(ground, set_up.service, mistake, stops, _FAMILY, base)
            result.name = f"{set_up.file}, {result.name}"
            yield result
