"""Find every SQL statement of a code base, and the database each is meant for, without running it.

    from app.lint.scanner import scan
    for statement in scan([Path("app"), Path("migrations")]):
        print(statement.place, statement.database, statement.text)

Followed are literals, concatenations, f-strings, psycopg's sql compositions, constants of a module
or a class (through imports), loops over constants, SQLAlchemy's text(), helpers that are given a
text or a connection, and `op.execute` of migrations. Whose a statement is comes from, in this order:
the value of its receiver (`get_connection()`, `with x.backend() as c`, a cursor of these), its
annotated type, its name, its folder (repositories/ai, migrations/backend).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.lint import naming, source, values
from app.lint.calls import Site, Target, looks_like_sql
from app.lint.expressions import Class
from app.lint.flow import Flow
from app.lint.source import Function, Library, Module
from app.lint.statements import SqlStatement
from app.lint.values import UNKNOWN, Given, Value

__all__ = ["SqlStatement", "scan"]

_DEEPEST: Final = 4  # calls into one another that are followed with their arguments


def scan(paths: Iterable[Path]) -> list[SqlStatement]:
    """List the SQL statements of these files and folders, in the order they stand there.

    Raises UnreadableError for a path that does not exist and a file that is no Python.
    """
    return Scan(source.read(path) for path in source.python_files(paths)).statements()


class Scan:
    """Hold what one scan has read and found."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.library = Library(modules)
        self.globals: dict[Module, dict[str, Value]] = {}
        self.attributes: dict[ast.ClassDef, dict[str, Value]] = {}
        self.generic: dict[Function, Value] = {}
        self.special: dict[tuple[object, ...], Value] = {}
        self._found: dict[tuple[object, ...], SqlStatement] = {}

    def statements(self) -> list[SqlStatement]:
        """Follow every module, class and function, and list what was found."""
        for module in self.library.modules:
            self.globals_of(module)
            for node in module.functions.values():
                self.returned(Target(module, None, node))
            for owner in _classes(module):
                self.attributes_of((module, owner))
                for inner in owner.body:
                    if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        self.returned(Target(module, owner, inner))
        return sorted(self._found.values(), key=lambda s: (s.path, s.line, s.column))

    def write_down(self, statement: SqlStatement) -> None:
        """Keep a statement, once; found again for the other database, it may go to either."""
        key = (statement.path, statement.line, statement.column, statement.text, statement.kind)
        known = self._found.get(key)
        if known is not None and known.databases | statement.databases != known.databases:
            joined = known.databases | statement.databases
            either = len(joined) > 1
            statement = replace(
                statement, database=None if either else next(iter(joined)), either=either
            )
        elif known is not None:
            return
        self._found[key] = statement

    def globals_of(self, module: Module) -> dict[str, Value]:
        """Tell what a module's own names may be."""
        if module not in self.globals:
            follower = Follower(self, module, None)
            self.globals[module] = follower.names
            follower.follow(module.tree.body)
            self.globals[module] = follower.names
        return self.globals[module]

    def attributes_of(self, owner: Class) -> dict[str, Value]:
        """Tell what a class's attributes may be: those of its body, and those set on self."""
        module, class_ = owner
        if class_ not in self.attributes:
            body = Follower(self, module, class_)
            self.attributes[class_] = body.names
            body.follow(class_.body)
            found = {name: [value] for name, value in body.names.items()}
            for node in class_.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    method = Follower(self, module, class_)
                    method.silent = True
                    method.enter(node, None)
                    for name, several in method.attributes.items():
                        found.setdefault(name, []).extend(several)
            self.attributes[class_] = {
                name: values.merged([v for v in several if v != UNKNOWN] or [UNKNOWN])
                for name, several in found.items()
            }
        return self.attributes[class_]

    def returned(self, target: Target) -> Value:
        """Follow a function with its own parameters only; tell what it gives."""
        if target.function not in self.generic:
            self.generic[target.function] = naming.of_annotation(target.function.returns)
            follower = Follower(self, target.module, target.owner)
            follower.enter(target.function, None)
            if not self.generic[target.function].databases:
                self.generic[target.function] = values.merged(follower.returned or [UNKNOWN])
        return self.generic[target.function]


class Follower(Flow):
    """Follow one function of a scan."""

    def __init__(self, scan: Scan, module: Module, owner: ast.ClassDef | None) -> None:
        super().__init__(scan.library, module, owner)
        self.scan = scan
        self.depth = 0
        self.silent = False

    def globals_of(self, module: Module) -> dict[str, Value]:
        """Give what a module's own names may be."""
        return self.scan.globals_of(module)

    def attributes_of(self, owner: Class) -> dict[str, Value]:
        """Give what a class's attributes may be."""
        return self.scan.attributes_of(owner)

    def write_down(self, statement: SqlStatement) -> None:
        """Keep a statement that was found."""
        if not self.silent:
            self.scan.write_down(statement)

    def enter(self, function: Function, given: dict[str, Value] | None) -> None:
        """Follow a function's body with its parameters, some of which the caller gave."""
        self.names.update(parameters(function) | self._instances(function) | (given or {}))
        for decorator in function.decorator_list if given is None else ():
            self.evaluate(decorator)
        self.follow(function.body)

    def _instances(self, function: Function) -> dict[str, Value]:
        """Tell which parameters are, by their types, objects of classes of the scanned code."""
        arguments = function.args
        made = {}
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            for part in ast.walk(argument.annotation) if argument.annotation else ():
                owner = self.find_class(part) if isinstance(part, ast.expr) else None
                if owner is not None and not naming.of_annotation(argument.annotation).databases:
                    made[argument.arg] = Value(instance=owner)
                    break
        return made

    def nested(self, function: Function) -> None:
        """Follow a function inside another one, which sees the names of that one."""
        if self.owner is None and self.module.functions.get(function.name) is function:
            return  # of the module itself: followed by itself
        if self.owner is not None and function in self.owner.body:
            return
        inner = Follower(self.scan, self.module, self.owner)
        inner.names, inner.last = dict(self.names), self.last
        inner.silent, inner.site, inner.depth = self.silent, self.site, self.depth
        inner.enter(function, None)
        for name, several in inner.attributes.items():
            self.attributes.setdefault(name, []).extend(several)

    def run(self, target: Target, given: Given, site: Site) -> Value:
        """Follow a call: with its arguments where these are connections or SQL."""
        plain = self.scan.returned(target)
        special = _special(target, given)
        if not special or self.depth >= _DEEPEST:
            return plain
        outer = self.site or site
        where = (outer.module, outer.line, outer.column, self.silent)
        key = (target.function, tuple(special.items()), where)
        if key not in self.scan.special:
            self.scan.special[key] = plain
            follower = Follower(self.scan, target.module, target.owner)
            follower.depth, follower.site, follower.silent = self.depth + 1, outer, self.silent
            follower.enter(target.function, special)
            if not plain.databases:
                self.scan.special[key] = values.merged(follower.returned or [UNKNOWN])
        return self.scan.special[key]


def parameters(function: Function) -> dict[str, Value]:
    """Tell what a function's parameters may be, from their types and names."""
    made: dict[str, Value] = {}
    arguments = function.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        said = naming.of_annotation(argument.annotation)
        if not said.databases:
            said = naming.of_name(argument.arg)
        made[argument.arg] = said if said.databases else Value(bare=True)
    return made


def _special(target: Target, given: Given) -> dict[str, Value]:
    """Name the arguments that say more than the function's own parameters do."""
    arguments = target.function.args
    names = [a.arg for a in [*arguments.posonlyargs, *arguments.args]]
    if target.owner is not None and names[:1] and names[0] in {"self", "cls"}:
        names = names[1:]
    own = parameters(target.function)
    told = [*zip(names, given.places, strict=False), *given.names]
    return {
        name: replace(value, passed=True)
        for name, value in told
        if name in own
        and (
            (value.databases and not value.databases <= own[name].databases)
            or looks_like_sql(value)
        )
    }


def _classes(module: Module) -> list[ast.ClassDef]:
    return [node for node in module.nodes if isinstance(node, ast.ClassDef)]
