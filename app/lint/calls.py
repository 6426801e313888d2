"""What a call gives, and which calls send SQL."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final, Literal

from app.lint import naming, values, wellknown
from app.lint.expressions import Expressions
from app.lint.source import Function, Module
from app.lint.statements import SqlStatement, StatementKind
from app.lint.templates import Template
from app.lint.values import UNKNOWN, Given, Value

SENDING: Final[dict[str, StatementKind]] = {
    "execute": "execute",
    "executemany": "executemany",
    "copy": "copy",
    "copy_expert": "copy",
    "stream": "stream",
    "exec_driver_sql": "execute",
    "scalar": "execute",
    "scalars": "execute",
    "fetch": "execute",
    "fetchrow": "execute",
    "fetchval": "execute",
}
# Functions that send: where the connection and the text stand among their arguments.
_SENDING_FUNCTIONS: Final = {
    "execute_values": (0, 1),
    "execute_batch": (0, 1),
    "read_sql": (1, 0),
    "read_sql_query": (1, 0),
}
_OPENING: Final = frozenset({"connect", "create_engine", "create_pool", "ConnectionPool"})
_SQL: Final = re.compile(
    r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
    r"(?:SELECT|INSERT|UPDATE|DELETE|WITH|COPY|CREATE|DROP|ALTER|TRUNCATE|MERGE|VALUES|TABLE|LOCK|"
    r"SET|SHOW|RESET|NOTIFY|LISTEN|UNLISTEN|EXPLAIN|DECLARE|FETCH|CLOSE|PREPARE|CALL|DO|GRANT|"
    r"REVOKE|VACUUM|ANALYZE|REINDEX|REFRESH|COMMENT|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|"
    r"DISCARD|CLUSTER|CHECKPOINT)\b",
    re.IGNORECASE | re.DOTALL,
)
Style = Literal["none", "percent", "colon"]


def looks_like_sql(value: Value) -> bool:
    """Say whether one of the texts a value may be begins as a statement does."""
    return any(_SQL.match(template.text) for template in value.texts)


@dataclass(frozen=True, slots=True)
class Target:
    """Name a function of the scanned code."""

    module: Module
    owner: ast.ClassDef | None
    function: Function


@dataclass(frozen=True, slots=True)
class Site:
    """Say where a call stands: statements that its arguments cause are reported there."""

    module: Module
    line: int
    column: int


class Calls(Expressions):
    """Evaluate calls, and write down each statement that one of them sends."""

    site: Site | None = None

    def write_down(self, statement: SqlStatement) -> None:
        """Keep a statement that was found."""
        raise NotImplementedError

    def run(self, target: Target, given: Given, site: Site) -> Value:
        """Tell what a function of the scanned code gives when it is called so."""
        raise NotImplementedError

    def _call(self, node: ast.Call) -> Value:
        given = Given(
            tuple(self.evaluate(argument) for argument in node.args),
            tuple(pair for word in node.keywords for pair in self._keyword(word)),
        )
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, given)
        if isinstance(node.func, ast.Name):
            return self._function(node, node.func.id, given)
        self.evaluate(node.func)
        return UNKNOWN

    def _keyword(self, word: ast.keyword) -> list[tuple[str, Value]]:
        value = self.evaluate(word.value)
        if word.arg is not None:
            return [(word.arg, value)]
        return [(item.name, item) for item in value.items or ()]

    def _method(self, node: ast.Call, func: ast.Attribute, given: Given) -> Value:
        name = func.attr
        receiver = self.evaluate(func.value)  # once: chains of calls are long
        if name in naming.DOORS and not given.places:
            return values.connection(naming.DOORS[name])
        target = self._target(func, receiver)
        if target is not None:
            return self.run(target, given, self._site(func))
        if name in SENDING and (given.places or given.names):
            sent = self._maybe_sent(node, func, given, receiver)
            if sent is not None:
                return sent
        if name in _OPENING:
            return receiver if receiver.databases else naming.of_address(_all_arguments(node))
        value = wellknown.of_method(name, receiver, given)
        return self._named(node, name, given, receiver) if value is None else value

    def _function(self, node: ast.Call, name: str, given: Given) -> Value:
        if name in naming.DOORS and not given.places:
            return values.connection(naming.DOORS[name])
        target = self._target(node.func, UNKNOWN)
        if target is not None:
            return self.run(target, given, self._site(node.func))
        if name in _OPENING:
            return naming.of_address(_all_arguments(node))
        return self._named(node, name, given, self.names.get(name, UNKNOWN))

    def _named(self, node: ast.Call, name: str, given: Given, receiver: Value) -> Value:
        """Evaluate a call of what other libraries are known to offer under a name."""
        if name in _SENDING_FUNCTIONS and given.places:
            to, what = _SENDING_FUNCTIONS[name]
            known = given.at(what, "sql")
            if looks_like_sql(known):
                connection = given.at(to, "cur", "con")
                self._send(node, connection, known, "execute", "percent" if to == 0 else "none")
            return UNKNOWN
        value = wellknown.of_function(name, node, given, receiver)
        if value is not None:
            return value
        made = self.find_class(node.func)
        if made is not None:
            return Value(instance=made)
        return Value(databases=receiver.databases, passed=receiver.passed)

    def _maybe_sent(
        self, node: ast.Call, func: ast.Attribute, given: Given, value: Value
    ) -> Value | None:
        """Write a statement down; None when the call is one of something that is no database."""
        kind = SENDING[func.attr]
        what = given.at(0, "query", "statement", "sql", "operation")
        receiver = self._receiver(func.value, value)
        is_sql = looks_like_sql(what)
        named = isinstance(func.value, (ast.Name, ast.Attribute)) and naming.looks_like_connection(
            func.value.id if isinstance(func.value, ast.Name) else func.value.attr
        )
        if not is_sql and not (
            kind in {"execute", "executemany"} and (receiver.databases or named)
        ):
            return None
        if isinstance(func.value, ast.Name) and func.value.id == "op":
            kind = "migration"
        self._send(func, receiver, what, kind, _style(kind, what, node, given))
        return Value(databases=receiver.databases, passed=receiver.passed)

    def _receiver(self, node: ast.expr, value: Value) -> Value:
        if value.databases or value.bare or not isinstance(node, ast.Name):
            return value
        # A cursor of unknown origin is one of the connection that was opened just above.
        return self.last if naming.looks_like_connection(node.id) else value

    def _send(
        self, node: ast.expr, receiver: Value, what: Value, kind: StatementKind, style: Style
    ) -> None:
        if self.site is not None and not (receiver.passed or what.passed):
            return  # found already where the function itself was read
        databases = receiver.databases or self.module.folder.databases
        site = self.site or self._site(node)
        for template in what.texts or (Template.hole(),):
            sent = template.sent(style)
            self.write_down(
                SqlStatement(
                    path=site.module.path,
                    line=site.line,
                    column=site.column,
                    text=sent.text,
                    database=next(iter(databases)) if len(databases) == 1 else None,
                    either=len(databases) > 1,
                    dynamic=template.dynamic,
                    kind=kind,
                    receiver=ast.unparse(node.value if isinstance(node, ast.Attribute) else node),
                    written=template.text,
                    pattern=sent.pattern(),
                )
            )

    def _site(self, node: ast.expr) -> Site:
        """Say where a call stands: for a method, where its name does."""
        if isinstance(node, ast.Attribute) and node.end_lineno and node.end_col_offset:
            column = node.end_col_offset - len(node.attr) + 1
            return Site(self.module, node.end_lineno, column)
        return Site(self.module, node.lineno, node.col_offset + 1)

    def _target(self, func: ast.expr, receiver: Value) -> Target | None:
        """Find the function of the scanned code that is called."""
        if isinstance(func, ast.Name):
            return self._function_named(self.module, func.id)
        if not isinstance(func, ast.Attribute):
            return None
        if isinstance(func.value, ast.Name):
            if func.value.id in {"self", "cls"} and self.owner is not None:
                method = self.find_method((self.module, self.owner), func.attr)
                return None if method is None else Target(*method)
            imported = self.library.imported(self.module, func.value.id)
            if imported is not None and imported[1] is None:
                return self._function_named(imported[0], func.attr)
        owner = receiver.instance or self.find_class(func.value)
        method = None if owner is None else self.find_method(owner, func.attr)
        return None if method is None else Target(*method)

    def _function_named(self, module: Module, name: str, depth: int = 0) -> Target | None:
        if name in module.functions:
            return Target(module, None, module.functions[name])
        imported = self.library.imported(module, name)
        if imported is None or imported[1] is None or depth > 4:  # noqa: PLR2004 - re-exports end
            return None
        return self._function_named(imported[0], imported[1], depth + 1)


def _all_arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(word.value for word in node.keywords)]


def _style(kind: StatementKind, what: Value, node: ast.Call, given: Given) -> Style:
    """Tell which placeholders are replaced: the driver leaves a text without parameters alone."""
    if what.style == "colon" or kind == "migration":
        return "colon"
    names = {name for name, _ in given.names} - {"query", "statement", "sql", "operation"}
    if kind == "executemany" or names & {"params", "vars", "parameters", "args", "argslist"}:
        return "percent"
    second = node.args[1] if len(node.args) > 1 else None
    if second is None or (isinstance(second, ast.Constant) and second.value is None):
        return "none"
    return "percent"
