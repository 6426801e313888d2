"""Find what opens a connection, or gets past a guarded one, in a file's syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

DRIVERS: Final = frozenset({"psycopg", "psycopg2", "psycopg2cffi", "pg8000", "asyncpg", "aiopg"})
# Packages that do nothing but open connections: to import one is to mean it.
OPENERS: Final = frozenset({"psycopg_pool", "asyncpg", "aiopg", "pg8000", "psycopg2.pool"})
_CONNECTION_TYPES: Final = frozenset(
    {
        "Connection", "AsyncConnection", "PGconn", "AIConnection", "BackendConnection",
        "MigratingAIConnection", "MigratingBackendConnection", "DatabaseConnection",
    }
)  # fmt: skip
_ENGINES: Final = frozenset({"create_engine", "create_async_engine"})
_POOLS: Final = frozenset({"ThreadedConnectionPool", "SimpleConnectionPool", "engine_from_config"})
_CURSORS: Final = frozenset(
    {
        "Cursor", "ClientCursor", "ServerCursor", "RawCursor", "RawServerCursor", "AsyncCursor",
        "AsyncClientCursor", "AsyncServerCursor", "AsyncRawCursor",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """Say where a connection is opened (`opens`), or a guard got past (`evades`), and by what."""

    line: int
    column: int
    kind: Literal["opens", "evades"]
    what: str


def openings(nodes: Iterable[ast.AST]) -> Iterator[Opening]:
    """List, of all nodes of a file's tree, what opens connections or gets past their cursors."""
    nodes = list(nodes)
    names = _imported(nodes)
    for node in nodes:
        if not isinstance(node, (ast.stmt, ast.expr)):
            continue
        for kind, what in _judged(node, names):
            yield Opening(node.lineno, node.col_offset + 1, kind, what)


Judgement = tuple[Literal["opens", "evades"], str]


def _judged(node: ast.AST, names: dict[str, str]) -> Iterator[Judgement]:
    match node:
        case ast.Import(names=aliases):
            yield from (("opens", f"import {a.name}") for a in aliases if _opener(a.name))
        case ast.ImportFrom(module=str(module), names=aliases):
            if _opener(module):
                yield "opens", f"from {module} import {', '.join(a.name for a in aliases)}"
        case ast.Call():
            yield from _call(node, names)
        case ast.Attribute(attr="pgconn"):
            yield "evades", ".pgconn"
        case ast.Assign(targets=targets):
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr.endswith("cursor_factory"):
                    yield "evades", f".{target.attr} ="
        case _:
            return


def _opener(module: str) -> bool:
    return module in OPENERS or module.split(".", maxsplit=1)[0] in OPENERS


def _call(node: ast.Call, names: dict[str, str]) -> Iterator[Judgement]:
    for word in node.keywords:
        if word.arg is not None and word.arg.endswith("cursor_factory"):
            yield "evades", f"{word.arg}="
    full = _full_name(node.func, names)
    *owner, name = full.split(".")
    driver = bool(owner) and owner[0] in DRIVERS | OPENERS
    typed = bool(owner) and owner[-1] in _CONNECTION_TYPES
    connects = name == "connect" and (driver or typed)
    pools = name in _POOLS or (driver and name in {"ConnectionPool", "create_pool"})
    if connects or pools or (name in _ENGINES and _has_address(node)):
        yield "opens", f"{full}()"
    elif name in _CURSORS and driver:
        yield "evades", f"{full}()"
    elif name in {"import_module", "__import__"} and node.args:
        said = str(getattr(node.args[0], "value", ""))
        if _driver(said):
            yield "opens", f"{name}({said!r})"
    elif name == "getattr" and len(node.args) > 1 and _driver(_full_name(node.args[0], names)):
        # A cursor of a driver is as good as a connection to get past the guard.
        wanted = getattr(node.args[1], "value", None)
        yield "opens" if wanted == "connect" else "evades", ast.unparse(node)


def _driver(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in DRIVERS | OPENERS


def _has_address(node: ast.Call) -> bool:
    """Tell an engine that connects to PostgreSQL by itself from one that is given a connection."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and "postgres" not in str(first.value):
        return False
    return not any(word.arg in {"creator", "async_creator"} for word in node.keywords)


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Write a dotted name out as it was imported; what is no name is left empty."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, names)}.{node.attr}"
    return ""


def _imported(nodes: Iterable[ast.AST]) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update({a.asname: a.name for a in node.names if a.asname})
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    return names
