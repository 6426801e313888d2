"""Read Python files, and find what a name that is imported stands for."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from app.errors import ReciprocityError
from app.lint import naming
from app.lint.values import Value

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NOT_OURS: Final = frozenset({"site-packages", "node_modules", "__pycache__", "venv", "env"})


class UnreadableError(ReciprocityError):
    """A path that was to be scanned is not there, or a file of it is no Python."""

    code = "unreadable_source"
    line = 1


@dataclass(eq=False, slots=True)
class Module:
    """Hold one file: its tree, what it defines, what it imports, and whose its folder is.

    `nodes` is the whole tree as one list: to walk it again for each question takes most of the time.
    """

    path: Path
    tree: ast.Module
    nodes: list[ast.AST]
    dotted: tuple[str, ...]
    folder: Value
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: dict[str, tuple[tuple[str, ...], str | None]] = field(default_factory=dict)


def files(paths: Iterable[Path], exclude: Sequence[str] = ()) -> Iterator[Path]:
    """List the files under these paths, without virtual environments and hidden folders.

    `exclude` holds patterns (`tests/*`, `*_old.py`) of paths below these that are left out. Raises
    UnreadableError for a path that does not exist.
    """
    for path in paths:
        if path.is_file():
            yield path
        elif not path.is_dir():
            raise UnreadableError(f"There is no {path} to scan; name a file or a folder.")
        else:
            for found in sorted(path.rglob("*")):
                inside = found.relative_to(path)
                ours = not any(p in _NOT_OURS or p.startswith(".") for p in inside.parts)
                if ours and found.is_file() and not _excluded(inside, exclude):
                    yield found


def _excluded(inside: Path, patterns: Sequence[str]) -> bool:
    names = [inside.as_posix(), *(parent.as_posix() for parent in inside.parents)]
    return any(fnmatch(name, pattern) for name in names for pattern in patterns)


def python_files(paths: Iterable[Path]) -> Iterator[Path]:
    """List the Python files under these paths; a path that is a file itself is taken as it is."""
    for path in paths:
        yield from (found for found in files([path]) if found.suffix == ".py" or found == path)


def read(path: Path) -> Module:
    """Parse one file; raise UnreadableError, naming the line, when it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what else is odd in other people's code is not ours
            tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        raised = UnreadableError(
            f"{path}: this is no Python ({error}); mend it, or leave the file out."
        )
        raised.line = getattr(error, "lineno", None) or 1
        raise raised from None
    dotted = path.resolve().with_suffix("").parts[1:]
    if dotted[-1] == "__init__":
        dotted = dotted[:-1]
    module = Module(path, tree, list(ast.walk(tree)), dotted, naming.of_folder(path.resolve()))
    _define(module)
    return module


def _define(module: Module) -> None:
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            module.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            module.classes[node.name] = node
    for inner in module.nodes:
        if isinstance(inner, ast.Import):
            for alias in inner.names:
                name = alias.asname or alias.name.split(".")[0]
                full = alias.name if alias.asname else name
                module.imports[name] = (tuple(full.split(".")), None)
        elif isinstance(inner, ast.ImportFrom):
            source = tuple((inner.module or "").split(".")) if inner.module else ()
            if inner.level:
                is_package = module.path.name == "__init__.py"
                up = inner.level - 1 if is_package else inner.level
                source = module.dotted[: len(module.dotted) - up] + source
            for alias in inner.names:
                module.imports[alias.asname or alias.name] = (source, alias.name)


class Library:
    """Hold all modules of a scan, and find them by the dotted name they are imported under."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = list(modules)
        self._by_tail: dict[str, list[Module]] = {}
        for module in self.modules:
            self._by_tail.setdefault(module.dotted[-1], []).append(module)

    def find(self, dotted: tuple[str, ...]) -> Module | None:
        """Find the module whose path ends with a dotted name; None when there is none, or several."""
        if not dotted:
            return None
        found = [
            module
            for module in self._by_tail.get(dotted[-1], ())
            if module.dotted[-len(dotted) :] == dotted
        ]
        return found[0] if len(found) == 1 else None

    def imported(self, module: Module, name: str) -> tuple[Module, str | None] | None:
        """Follow an import: to a module (no second part) or to a name that a module defines."""
        target = module.imports.get(name)
        if target is None:
            return None
        source, inner = target
        if inner is None:
            found = self.find(source)
            return None if found is None else (found, None)
        as_module = self.find((*source, inner))
        if as_module is not None:
            return as_module, None
        found = self.find(source)
        return None if found is None else (found, inner)
