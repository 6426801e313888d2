"""Wall four: the type checker refuses every call that is given the other database's connection."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import app.repositories.ai
import app.repositories.backend
import app.services
from app.databases.connections import AIConnection, BackendConnection, DatabaseConnection
from app.databases.names import Database
from tests.conftest import ROOT

ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$")
TYPES = {Database.AI: AIConnection, Database.BACKEND: BackendConnection}


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def functions(package: ModuleType) -> Iterator[tuple[Callable[..., Any], dict[str, Database]]]:
    """List the functions of a package that take connections, and which parameters these are."""
    for module in modules(package):
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__:
                continue
            hints = typing.get_type_hints(function)
            taken = {
                name: kind.database
                for name, kind in hints.items()
                if name != "return"
                and inspect.isclass(kind)
                and issubclass(kind, DatabaseConnection)
                and kind is not DatabaseConnection
            }
            if taken:
                yield function, taken


def call(function: Callable[..., Any], flipped: str | None, taken: dict[str, Database]) -> str:
    """Write a call whose parameter `flipped` gets the other database's connection."""
    given = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in taken:
            database = taken[name].other if name == flipped else taken[name]
            given.append(f"{name}=migrating_{database}")
        elif parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        }:
            given.append(f"{name}=anything")
    return f"{function.__module__}.{function.__name__}({', '.join(given)})"


def written(lines: list[tuple[Callable[..., Any], str]]) -> str:
    imports = sorted({f"import {function.__module__}" for function, _ in lines})
    return "\n".join(
        [
            "from typing import Any",
            "from app.databases.connections import MigratingAIConnection",
            "from app.databases.connections import MigratingBackendConnection",
            *imports,
            "def calls(",
            "    migrating_ai: MigratingAIConnection,",
            "    migrating_backend: MigratingBackendConnection,",
            "    anything: Any,",
            ") -> None:",
            *(f"    {text}" for _, text in lines),
            "",
        ]
    )


def mypy(file: Path) -> tuple[list[str], Counter[int]]:
    """Check a file; give the errors that are not expected, and how many each line has."""
    answer = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in {0, 1}, answer.stdout + answer.stderr
    others, lines = [], Counter[int]()
    for text in answer.stdout.splitlines():
        error = ERROR.match(text)
        if (
            error is not None
            and Path(error["file"]).name == file.name
            and error["code"] == "arg-type"
        ):
            lines[int(error["line"])] += 1
        elif error is not None and Path(error["file"]).name == file.name:
            others.append(text)
    return others, lines


def test_every_call_with_the_other_databases_connection_is_one_error(tmp_path: Path) -> None:
    wrong, right = [], []
    for package in (app.repositories.ai, app.repositories.backend, app.services):
        for function, taken in functions(package):
            wrong += [(function, call(function, name, taken)) for name in taken]
            right.append((function, call(function, None, taken)))
    assert len(right) > 40
    file = tmp_path / "flipped_connections.py"
    text = written(wrong + right)
    file.write_text(text, encoding="utf-8")
    others, lines = mypy(file)
    begin = text.splitlines().index(") -> None:") + 2
    assert others == []
    assert lines == Counter(range(begin, begin + len(wrong)))


def test_each_repository_takes_the_connection_of_its_own_database() -> None:
    for package, database in (
        (app.repositories.ai, Database.AI),
        (app.repositories.backend, Database.BACKEND),
    ):
        for function, taken in functions(package):
            first = next(iter(inspect.signature(function).parameters))
            assert taken == {first: database}, f"{function.__module__}.{function.__name__}"
            assert first == database.value, f"{function.__module__}.{function.__name__}"


def test_no_function_of_a_repository_takes_a_connection_without_its_type() -> None:
    for package in (app.repositories.ai, app.repositories.backend):
        typed = {function for function, _ in functions(package)}
        for module in modules(package):
            for name, function in inspect.getmembers(module, inspect.isfunction):
                said = set(inspect.signature(function).parameters) & {"ai", "backend"}
                if said and function.__module__ == module.__name__:
                    assert function in typed, f"{module.__name__}.{name}"
