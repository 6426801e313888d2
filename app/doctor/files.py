"""Examine the files that must be changed together when a database moves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from app import addresses
from app.databases.names import Database
from app.doctor.findings import Finding, good, looked_at, skipped, warning, wrong
from app.doctor.variables import transport
from app.errors import ReciprocityError
from app.settings import read_env_file

TOPIC: Final = "files"
ADAPTER: Final = "app/adapters/postgresql.py"
COMPOSE: Final = "docker-compose.yml"
SERVICES: Final = ("ai-service", "celery-worker")
AI, BACKEND = Database.AI.variable, Database.BACKEND.variable
_BACKEND_METHODS: Final = (
    "update_user_onboarding_status",
    "create_user_summary",
    "get_valid_user_ids",
)
_DOCUMENTED: Final = frozenset({"reciprocity_pass", "postgres"})


class UnreadableFileError(ReciprocityError):
    """A file that should be examined is not what its name says."""

    code = "unreadable_file"


def examine(folder: Path) -> Iterator[Finding]:
    """Look at the adapter, `.env`, the compose file's two services and `.env.production`."""
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        (ADAPTER, partial(_adapter, folder / ADAPTER)),
        (".env", partial(_env, folder / ".env", production=False)),
        (COMPOSE, partial(_compose, folder / COMPOSE)),
        (".env.production", partial(_env, folder / ".env.production", production=True)),
    ]
    for name, look in looks:
        yield from looked_at(TOPIC, name, look)


def _adapter(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield wrong(TOPIC, ADAPTER, "is missing", "it is the one place that opens connections")
        return
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path} is not Python ({type(error).__name__}).") from None
    methods = {
        node.name: node
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef) and owner.name == "PostgreSQLAdapter"
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    }
    problems = [
        f"PostgreSQLAdapter has no {name}()"
        for name in ("get_connection", "get_backend_connection")
        if name not in methods
    ]
    problems += [
        f"line {node.lineno}: {name}() uses the AI database, and its table is in the backend database"
        for name in _BACKEND_METHODS
        if (node := methods.get(name)) is not None and _calls(node) & {"get_connection", "ai"}
    ]
    for problem in problems:
        yield wrong(TOPIC, ADAPTER, problem, "use get_backend_connection() there")
    if not problems:
        yield good(TOPIC, ADAPTER, "two methods, and the three on backend tables use the second")


def _calls(method: ast.FunctionDef) -> set[str]:
    """Name the methods of its own object that a method calls."""
    return {
        node.func.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    }


def _env(path: Path, *, production: bool) -> Iterator[Finding]:
    if not path.is_file():
        yield skipped(TOPIC, path.name, "there is none")
        return
    written = read_env_file(path)
    yield from _both(path.name, written)
    for variable in (AI, BACKEND):
        address = written.get(variable, "")
        if not production:
            yield from _on_the_host(path.name, variable, address)
        else:
            yield from transport(f"{variable} in {path.name}", address, TOPIC)
            yield from _documented_password(path.name, variable, address)


def _both(place: str, written: dict[str, str]) -> Iterator[Finding]:
    """Judge the two addresses of one place: there, whole, not the same, not exchanged."""
    problems = [_problem(written.get(variable), variable) for variable in (AI, BACKEND)]
    ai, backend = written.get(AI, ""), written.get(BACKEND, "")
    if not any(problems):
        if addresses.place(ai) == addresses.place(backend):
            problems.append(f"{AI} and {BACKEND} name the same database")
        elif (_name(ai), _name(backend)) == (
            Database.BACKEND.default_name,
            Database.AI.default_name,
        ):
            problems.append(f"{AI} and {BACKEND} are swapped, by the databases' names")
    for problem in filter(None, problems):
        yield wrong(TOPIC, place, problem, f"mend {place}")
    if not any(problems):
        yield good(TOPIC, place, f"{AI} and {BACKEND} are set, whole and not the same")


def _problem(address: str | None, variable: str) -> str:
    if address is None:
        return f"{variable} is missing"
    try:
        addresses.checked(address)
    except ValueError as error:
        return f"{variable}: {error}"
    return ""


def _name(address: str) -> str:
    return addresses.parts(address).get("dbname", "")


def _host(address: str) -> str:
    try:
        return addresses.parts(str(addresses.checked(address))).get("host", "")
    except ValueError:
        return ""


def _on_the_host(place: str, variable: str, address: str) -> Iterator[Finding]:
    host = _host(address)
    if host in {"host.docker.internal", "db"}:
        yield warning(
            TOPIC,
            place,
            f"{variable} names {host}, which resolves inside Docker containers only, and {place} is"
            " read on the host",
            f"write localhost in {variable}; the containers have their own in {COMPOSE}",
        )


def _documented_password(place: str, variable: str, address: str) -> Iterator[Finding]:
    try:
        password = addresses.parts(address).get("password", "")
    except ValueError:
        return
    if password in _DOCUMENTED:
        yield wrong(
            TOPIC,
            place,
            f"{variable} has the password that public documents print",
            "give its role another one",
        )


def _compose(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield wrong(TOPIC, COMPOSE, "is missing", "see the one that comes with the project")
        return
    services = _services(path)
    seen: dict[str, tuple[str, str, str]] = {}
    for name in SERVICES:
        if name not in services:
            yield wrong(TOPIC, COMPOSE, f"there is no service {name}", f"add it to {COMPOSE}")
            continue
        place = f"{COMPOSE}, {name}"
        written = environment(services[name], path.parent)
        interpolated = [v for v in (AI, BACKEND) if "${" in written.get(v, "")]
        for variable in interpolated:
            yield warning(
                TOPIC,
                place,
                f"{variable} is filled in from a file meant for the host",
                f"write the address as containers see it into {COMPOSE}",
            )
        if interpolated:
            continue
        yield from _both(place, written)
        yield from _in_a_container(place, written, services[name])
        for variable in (AI, BACKEND):
            if _host(written.get(variable, "")):
                here = addresses.place(written[variable])
                if seen.setdefault(variable, here) != here:
                    yield wrong(
                        TOPIC,
                        place,
                        f"{variable} names another database than that of {SERVICES[0]}",
                        "both services work on the same two databases",
                    )


def _in_a_container(
    place: str, written: dict[str, str], service: dict[str, Any]
) -> Iterator[Finding]:
    for variable in (AI, BACKEND):
        host = _host(written.get(variable, ""))
        if host in {"localhost", "127.0.0.1", "::1"}:
            yield wrong(
                TOPIC,
                place,
                f"{variable} names {host}, which is the container itself",
                "write db for the AI database, host.docker.internal for one on the host",
            )
        names = str(service.get("extra_hosts", ""))
        if host == "host.docker.internal" and host not in names:
            yield warning(
                TOPIC,
                place,
                "host.docker.internal does not resolve on Linux by itself",
                'add extra_hosts: ["host.docker.internal:host-gateway"]',
            )


def _services(path: Path) -> dict[str, dict[str, Any]]:
    try:
        import yaml  # noqa: PLC0415 - nothing else of the platform reads YAML
    except ImportError:
        raise UnreadableFileError(
            f"{path} is YAML, and PyYAML is not installed; run: pip install pyyaml"
        ) from None
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        # The reason would repeat the line, and on it may stand a password.
        raise UnreadableFileError(f"{path} is not YAML; mend it.") from None
    services = told.get("services") if isinstance(told, dict) else None
    if not isinstance(services, dict):
        raise UnreadableFileError(f"{path} lists no services.")
    return {str(name): entry for name, entry in services.items() if isinstance(entry, dict)}


def environment(service: dict[str, Any], folder: Path) -> dict[str, str]:
    """Collect a service's variables: its env_file, then its environment, as a map or a list."""
    files = service.get("env_file") or []
    found: dict[str, str] = {}
    for file in files if isinstance(files, list) else [files]:
        named = file.get("path", "") if isinstance(file, dict) else file
        found |= read_env_file(folder / str(named))
    written = service.get("environment") or {}
    if isinstance(written, list):
        pairs = (str(entry).partition("=") for entry in written)
        return found | {name: value for name, sign, value in pairs if sign}
    return found | {str(name): str(value) for name, value in written.items() if value is not None}
