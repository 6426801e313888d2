"""Validate what one service reads, and say of each variable what is wrong and where to mend it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from app import addresses
from app.errors import SettingsError
from app.settings.sources import Sources
from app.settings.variables import DatabaseSettings, all_names, names

AnySettings = TypeVar("AnySettings", bound=BaseModel)


def load(kind: type[AnySettings], sources: Sources | None = None) -> AnySettings:
    """Validate one service's settings; raise SettingsError naming each variable and the file."""
    sources = sources or Sources.read()
    problems = list(_slips(kind, sources))
    if issubclass(kind, DatabaseSettings):
        problems += _fallbacks(sources)
    try:
        made = kind.model_validate(dict(sources.values))
    except ValidationError as error:
        wrong = [
            _explain(item["loc"], item["type"], item["msg"], sources, kind)
            for item in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        # The cause would print the addresses.
        raise SettingsError("\n".join(wrong + problems)) from None
    if problems:
        raise SettingsError("\n".join(problems))
    return made


def _service(kind: type[BaseModel]) -> str:
    service = getattr(kind, "service", "this service")
    place = "docker-compose.yml" if service != "this service" else "its shell or docker-compose.yml"
    return f"the environment of {service} ({place})"


def _explain(
    location: tuple[int | str, ...],
    problem: str,
    message: str,
    sources: Sources,
    kind: type[BaseModel],
) -> str:
    name = str(location[0]) if location else ""
    message = message.removeprefix("Value error, ")
    if not name:
        places = {_origin("DATABASE_URL", sources, kind): None}
        places[_origin("RECIPROCITY_BACKEND_DB_URL", sources, kind)] = None
        return f"{message}. Mend {' or '.join(places)}."
    if problem == "missing":
        typo = addresses.mistyped(name, sources.values, all_names())
        hint = f" {typo} is set: is it {name} mistyped?" if typo else ""
        return (
            f"{name} is missing: {_MEANING.get(name, 'this service needs it')}.{hint} Set it in"
            f" {sources.file} (see .env.example), or in {_service(kind)}."
        )
    place = _origin(name, sources, kind)
    return f"{name} (from {place}): {message}. Mend it in {place}."


def _origin(name: str, sources: Sources, kind: type[BaseModel]) -> str:
    origin = sources.origins.get(name)
    return _service(kind) if origin == "environment" else origin or sources.file


_MEANING: Final = {
    "DATABASE_URL": "the address of the AI database (embeddings)",
    "RECIPROCITY_BACKEND_DB_URL": "the address of the backend database (users, summaries, matches)",
    "CELERY_BROKER_URL": "the address of the broker (Redis) that wakes the worker",
}


def _fallbacks(sources: Sources) -> list[str]:
    found = []
    for name in ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"):
        filled = addresses.filled_by_libpq(sources.values.get(name, ""), os.environ)
        if filled:
            found.append(
                f"{filled} is set in the environment and would silently fill in what {name} does not"
                f" say. Unset {filled}, or write the value into {name} itself."
            )
    return found


def _slips(kind: type[BaseModel], sources: Sources) -> Iterator[str]:
    """Find variables that are set, mean nothing, and resemble one that this service would read."""
    known = all_names()
    required = {f.alias for f in kind.model_fields.values() if f.is_required()}
    unset = sorted(names(kind) - required - set(sources.values))
    for name in sources.values:
        if name in known or name.upper().startswith("PG"):
            continue
        meant = addresses.slip(name, unset)
        if meant:
            place = _origin(name, sources, kind)
            yield (
                f"{name} (from {place}) means nothing and {meant} is not set: is it {meant}"
                f" mistyped? Mend the name in {place}, or remove it."
            )
