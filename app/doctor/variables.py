"""Show where each value came from, secrets left out, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app import addresses
from app.databases.names import Database
from app.doctor.findings import Finding, good, warning, wrong
from app.errors import SettingsError
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    Sources,
    WorkerSettings,
    load,
)

TOPIC: Final = "settings"
_SERVICES: Final[dict[str, type[DatabaseSettings]]] = {
    "ai-service": ApiSettings,
    "celery-worker": WorkerSettings,
    "commands": CommandSettings,
}


@dataclass(frozen=True, slots=True)
class Value:
    """Hold one variable: what may be shown of it, and where it came from."""

    name: str
    shown: str
    origin: str


def values(sources: Sources) -> list[Value]:
    """List every variable of every service, with its origin: environment, a file, or default."""
    fields: dict[str, FieldInfo] = {}
    kinds: list[type[BaseModel]] = [DatabaseSettings, *_SERVICES.values()]
    for kind in kinds:
        fields |= {f.alias: f for f in kind.model_fields.values() if f.alias}
    return [_value(name, field, sources) for name, field in fields.items()]


def _value(name: str, field: FieldInfo, sources: Sources) -> Value:
    if name not in sources.values:
        if field.is_required():
            return Value(name, "(none)", "not set")
        default = field.get_default()
        return Value(name, "(none)" if default is None else str(default), "default")
    value, origin = sources.values[name], sources.origins[name]
    if name in {database.variable for database in Database}:
        return Value(name, addresses.shown(value), origin)
    return Value(name, value if field.repr else "(set)" if value.strip() else "(empty)", origin)


def examine(sources: Sources) -> Iterator[Finding]:
    """Say of each service whether it would start with these values."""
    for service, kind in _SERVICES.items():
        yield _service(service, kind, sources)
    if sources.values.get("RECIPROCITY_ENVIRONMENT") == "production":
        for database in Database:
            yield from transport(database.variable, sources.values.get(database.variable, ""))


def _service(service: str, kind: type[BaseModel], sources: Sources) -> Finding:
    try:
        load(kind, sources)
    except SettingsError as error:
        return wrong(TOPIC, service, str(error))
    return good(TOPIC, service, "has every variable it needs")


def transport(variable: str, address: str, topic: str = TOPIC) -> Iterator[Finding]:
    """Warn of a production's address whose connection anybody on the way could read or answer."""
    try:
        addresses.checked(address)
    except ValueError:
        return  # told where the address itself is judged
    found = addresses.parts(address)
    if found.get("host", "").startswith("/"):
        return  # a socket file of this very machine
    if found.get("sslmode") != "verify-full":
        yield warning(
            topic,
            f"{variable} over TLS",
            f"the address of a production has sslmode={found.get('sslmode', '(none, so prefer)')}:"
            " who stands between can read the password or pose as the server",
            f"append ?sslmode=verify-full&sslrootcert=... to {variable}",
        )
