"""Lint a Python project on two databases: SQL, connections, compose files."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.databases.names import Database
from app.lint import compose, doors, naming, source, tables
from app.lint.findings import Finding
from app.lint.scanner import Scan
from app.lint.source import Module, UnreadableError
from app.lint.statements import SqlStatement

DOOR: Final = Path("app/adapters/postgresql.py")
_METHODS: Final = {d: d.method for d in Database}


@dataclass(frozen=True, slots=True)
class Options:
    """Say how a project is laid out; the defaults are this project's own layout."""

    owners: tables.Owners = field(default_factory=tables.own)
    doors: Sequence[Path] = (DOOR,)
    variables: tuple[str, str] = (Database.AI.variable, Database.BACKEND.variable)
    exclude: Sequence[str] = ()


def lint(paths: Sequence[Path], options: Options | None = None) -> list[Finding]:
    """List the faults of these files and folders, in the order they stand there.

    Raises UnreadableError for a path that does not exist.
    """
    options = options or Options()
    found: list[Finding] = []
    modules: list[Module] = []
    for path in source.files(paths, options.exclude):
        if path.suffix == ".py":
            try:
                modules.append(source.read(path))
            except UnreadableError as error:
                found.append(_unreadable(path, error))
        elif compose.NAME.search(path.name):
            found.extend(compose.findings(path, options.variables))
    found.extend(_wrong_connections(Scan(modules).statements(), options.owners))
    for module in modules:
        if not _is_door(module.path, options.doors):
            found.extend(_connections(module))
        found.extend(_swapped_methods(module))
    return sorted(one for one in set(found) if not _allowed(one))


def _unreadable(path: Path, error: UnreadableError) -> Finding:
    return Finding(path, error.line, 1, "RDB006", "this is no Python", "mend it, or use --exclude")


def _is_door(path: Path, allowed: Sequence[Path]) -> bool:
    parts = path.resolve().parts
    return any(parts[-len(door.parts) :] == door.parts for door in allowed)


def _wrong_connections(statements: list[SqlStatement], owners: tables.Owners) -> Iterator[Finding]:
    together: dict[tuple[Path, int, int], list[SqlStatement]] = defaultdict(list)
    for statement in statements:
        if statement.databases and statement.known:
            together[statement.path, statement.line, statement.column].append(statement)
    for (path, line, column), several in together.items():
        homes = {tables.home(one.text, owners) for one in several}
        for statement in several:
            if statement.either and len(homes) > 1:
                continue  # each text may go with the right connection, which cannot be told here
            strangers = list(tables.strangers(statement.text, statement.databases, owners))
            if strangers:
                reason, fix = _wrong(statement, strangers)
                yield Finding(path, line, column, "RDB001", reason, fix)


def _wrong(statement: SqlStatement, strangers: list[str]) -> tuple[str, str]:
    named = " and ".join(strangers)
    if statement.database is None:
        return (
            f"this statement names {named}, and may run on a connection to either database",
            "take the connection of that database alone",
        )
    here = statement.database
    return (
        f"this statement names {named}, and runs on a connection to the {here} database",
        f"use {_METHODS[here.other]}",
    )


def _connections(module: Module) -> Iterator[Finding]:
    for opening in doors.openings(module.nodes):
        if opening.kind == "opens":
            yield Finding(
                module.path,
                opening.line,
                opening.column,
                "RDB002",
                f"{opening.what} opens a connection outside the adapter",
                f"use the adapter's {' or '.join(_METHODS.values())}",
            )


def _swapped_methods(module: Module) -> Iterator[Finding]:
    """Look into the two methods for a connect that is given the other database's address."""
    expected = {"get_connection": Database.AI, "get_backend_connection": Database.BACKEND}
    for method in module.nodes:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        owner = expected.get(method.name)
        for node in ast.walk(method) if owner is not None else ():
            if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("connect")):
                continue
            arguments = [*node.args, *(word.value for word in node.keywords)]
            reached = naming.of_address(arguments).databases
            if owner is not None and reached == {owner.other}:
                yield Finding(
                    module.path,
                    node.lineno,
                    node.col_offset + 1,
                    "RDB004",
                    f"{method.name}() opens the address of the {owner.other} database",
                    f"open the address of the {owner} database ({owner.variable})",
                )


def _allowed(finding: Finding) -> bool:
    """Read the comment by which a line may say that it is right all the same."""
    lines = finding.path.read_text(encoding="utf-8", errors="replace").splitlines()
    line = lines[finding.line - 1] if finding.line <= len(lines) else ""
    return f"reciprocity: allow {finding.code}" in line
