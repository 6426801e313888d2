"""Take the guard away and see what else stops each fault: the proof, the types, the server itself."""

from __future__ import annotations

import ast
import contextlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import dictionary
from app.databases.connections import DatabaseConnection
from app.databases.errors import StatementRefusedError
from app.databases.grammar import Reference, references
from app.databases.names import Database
from app.embedded.home import project_folder
from app.lint.scanner import SqlStatement
from app.score.ground import Ground
from app.score.model import Result, Wall

_PREPARABLE: Final = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|TABLE|VALUES)\b", re.IGNORECASE
)
_BOUND: Final = frozenset({"table", "target", "type", "operator", "function", "sequence"})
_ON: Final = re.compile(r" on (ai|backend)$")


def back_up(ground: Ground, adapter: PostgreSQLAdapter, results: Iterable[Result]) -> None:
    """Send each refused text unguarded, on a connection opened for these very texts, and roll back."""
    by_database: dict[Database, dict[str, list[Result]]] = {d: defaultdict(list) for d in Database}
    for result in results:
        found = _ON.search(result.name)
        if result.text and not result.right and found:
            by_database[Database(found.group(1))][result.text].append(result)
    for database, texts in by_database.items():
        with contextlib.ExitStack() as stack:
            unguarded = _Unguarded(adapter, database, list(texts), stack)
            for text, several in texts.items():
                stops = _stops(ground, unguarded, database, text)
                for result in several:
                    result.backups |= stops


class _Unguarded:
    """Hold a connection that passes exactly the texts it was made for."""

    def __init__(
        self,
        adapter: PostgreSQLAdapter,
        database: Database,
        texts: list[str],
        stack: contextlib.ExitStack,
    ) -> None:
        self._adapter, self._database, self._stack = adapter, database, stack
        self._texts = [*texts, *(_prepare(text) for text in texts)]
        self._connection: DatabaseConnection | None = None

    def refused(self, text: str) -> psycopg.Error | None:
        """Send a text; give the server's error, None when it took it. Nothing stays."""
        if self._connection is None or self._connection.closed:
            opened = self._adapter.privileged(self._database, self._texts)
            self._connection = self._stack.enter_context(opened)
        connection = self._connection
        try:
            connection.execute(text.encode())
        except psycopg.Error as error:
            return error
        finally:
            with contextlib.suppress(psycopg.Error):
                connection.rollback()
            if connection.info.transaction_status != TransactionStatus.IDLE:
                connection.close()
        return None


def _prepare(text: str) -> str:
    return f"PREPARE score_proof AS {text}"


def _stops(ground: Ground, unguarded: _Unguarded, database: Database, text: str) -> frozenset[Wall]:
    found: set[Wall] = set()
    error = unguarded.refused(text)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        found.add("roles")
    elif error is not None and not isinstance(error, psycopg.errors.ProgrammingError):
        pass  # it failed for another reason, which another statement would not have
    elif error is not None:
        found.add("the server")
    prepared = _PREPARABLE.match(text) and ";" not in text
    # The proof wants success on exactly the declared database: it is red when the statement fails
    # there, and when what it names is bound to the other one and it succeeds on both.
    if (prepared and unguarded.refused(_prepare(text)) is not None) or _bound(
        ground, database, text
    ):
        found.add("proof")
    return frozenset(found)


def _bound(ground: Ground, database: Database, text: str) -> bool:
    here = {(t.kind, t.name) for t in ground.living[database]}
    there = {(t.kind, t.name) for t in ground.living[database.other]}
    try:
        named = references(text)
    except StatementRefusedError:
        return False
    if any(r.kind in {"lock", "channel"} and _owner(r) is not database for r in named):
        return True
    return any(
        (kind, r.name) in there - here
        for r in named
        if r.kind in _BOUND
        for kind in ({"target": "table", "table": "table"}.get(r.kind, r.kind),)
    )


def _owner(reference: Reference) -> Database | None:
    """Give the database whose lock or channel this is, as the proof looks it up."""
    name = reference.name or ""
    if reference.kind == "channel":
        return dictionary.CHANNELS.get(name)
    return dictionary.LOCKS.get(int(name)) if name.isdigit() else None


def types(results: Iterable[Result], statements: list[SqlStatement]) -> bool:
    """Note which flipped statements of the code mypy refuses; False where mypy is not installed."""
    try:
        from mypy import api  # noqa: PLC0415 - a development dependency, needed here only
    except ImportError:
        return False
    functions = _functions(statements)
    lines = [f"    {module}.{name}({kind}, *anything, **named)" for module, name, kind in functions]
    head = [
        "from typing import Any",
        "from app.databases.connections import MigratingAIConnection, MigratingBackendConnection",
        *(f"import {module}" for module in sorted({module for module, _, _ in functions})),
        "def calls(ai: MigratingAIConnection, backend: MigratingBackendConnection,",
        "          anything: Any, named: Any) -> None:",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flipped.py"
        path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
        configuration = str(project_folder() / "pyproject.toml")
        said, _, _ = api.run([str(path), "--config-file", configuration, "--no-error-summary"])
    wrong = {int(n) for n in re.findall(r"flipped\.py:(\d+): error: .*\[arg-type\]", said)}
    refused = {place for n, place in enumerate(functions, len(head) + 1) if n in wrong}
    places = {place for key in refused for place in functions[key]}
    for result in results:
        if _ON.sub("", result.name) in places and not result.right:
            result.backups |= {"types"}
    return True


Called = tuple[str, str, str]


def _functions(statements: list[SqlStatement]) -> dict[Called, list[str]]:
    """Find the functions that hold these statements and take a typed connection."""
    found: dict[Called, list[str]] = defaultdict(list)
    root = project_folder()
    trees: dict[Path, ast.Module] = {}
    for statement in statements:
        if not statement.path.is_relative_to(root / "app"):
            continue
        if statement.path not in trees:
            trees[statement.path] = ast.parse(statement.path.read_text(encoding="utf-8"))
        relative = statement.path.relative_to(root)
        for node in trees[statement.path].body:
            if not isinstance(node, ast.FunctionDef) or not node.args.args:
                continue
            if not node.lineno <= statement.line <= (node.end_lineno or 0):
                continue
            annotation: Any = node.args.args[0].annotation
            kind = {"AIConnection": "backend", "BackendConnection": "ai",
                    "MigratingAIConnection": "backend", "MigratingBackendConnection": "ai"}.get(
                getattr(annotation, "id", "")
            )  # fmt: skip
            if kind:
                module = ".".join(relative.with_suffix("").parts)
                found[module, node.name, kind].append(f"{relative}:{statement.line}")
    return dict(found)
