"""Follow a function's statements in order, so that a name means what was last put into it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from app.lint import naming, values
from app.lint.calls import Calls
from app.lint.source import Function, Library, Module
from app.lint.values import UNKNOWN, Value

_MOST_ROUNDS: Final = 200  # items of one loop that are followed one by one


class Flow(Calls):
    """Follow statements; branches are followed both and joined."""

    def __init__(self, library: Library, module: Module, owner: ast.ClassDef | None) -> None:
        super().__init__(library, module, owner)
        self.returned: list[Value] = []
        self.attributes: dict[str, list[Value]] = {}

    def nested(self, function: Function) -> None:
        """Follow a function that is defined inside another one."""
        raise NotImplementedError

    def follow(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements one after another."""
        for statement in body:
            reader = getattr(self, f"_do_{type(statement).__name__.lower()}", None)
            if reader is not None:
                reader(statement)
            else:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self.evaluate(child)

    def _do_functiondef(self, node: Function) -> None:
        self.nested(node)

    _do_asyncfunctiondef = _do_functiondef

    def _do_classdef(self, node: ast.ClassDef) -> None:
        """Leave a class alone: it is followed by itself."""

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self._assign(target, value)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        value = self.evaluate(node.value)
        said = naming.of_annotation(node.annotation)
        if said.databases and not value.databases:
            value = said
        self._assign(node.target, value)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        value = self.evaluate(node.value)
        if isinstance(node.op, ast.Add):
            old = self.evaluate(node.target)
            self._assign(node.target, values.joined(old, value))

    def _assign(self, target: ast.expr, value: Value) -> None:
        if (
            isinstance(target, ast.Attribute)
            and isinstance(target.value, ast.Name)
            and target.value.id == "self"
        ):
            self.attributes.setdefault(target.attr, []).append(value)
            if value.databases:
                self.last = value
        self.bind(target, value)

    def _do_return(self, node: ast.Return) -> None:
        self.returned.append(self.evaluate(node.value))

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Value:
        """Remember what is given: the caller of a context manager works on it."""
        self.returned.append(self.evaluate(node.value))
        return UNKNOWN

    _yieldfrom = _yield

    def _do_if(self, node: ast.If) -> None:
        self.evaluate(node.test)
        self._branches((node.body, node.orelse), self._narrowed(node.test))

    def _narrowed(self, test: ast.expr) -> list[dict[str, Value]]:
        """Read `isinstance(connection, AIConnection)`: what the name is inside, and in the else."""
        if not (
            isinstance(test, ast.Call)
            and isinstance(test.func, ast.Name)
            and test.func.id == "isinstance"
            and len(test.args) == 2  # noqa: PLR2004 - the thing and its type
            and isinstance(test.args[0], ast.Name)
        ):
            return []
        name = test.args[0].id
        said = naming.of_annotation(test.args[1]).databases
        others = self.evaluate(test.args[0]).databases - said
        inside = {name: values.connection(*said)} if said else {}
        return [inside, {name: values.connection(*others)} if said and others else {}]

    def _do_match(self, node: ast.Match) -> None:
        self.evaluate(node.subject)
        self._branches([case.body for case in node.cases] + [[]])

    def _do_try(self, node: ast.Try) -> None:
        self.follow(node.body)
        self.follow(node.orelse)
        self._branches([handler.body for handler in node.handlers] + [[]])
        self.follow(node.finalbody)

    _do_trystar = _do_try

    def _branches(
        self, bodies: Sequence[list[ast.stmt]], narrowed: Sequence[dict[str, Value]] = ()
    ) -> None:
        """Follow each branch from the same state, and what `narrowed` says of it besides."""
        before = dict(self.names)
        ends: list[dict[str, Value]] = []
        for place, body in enumerate(bodies):
            self.names = before | (narrowed[place] if place < len(narrowed) else {})
            self.follow(body)
            if not body or not isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue)):
                ends.append(self.names)
        self.names = _together(ends) if ends else before

    def _do_while(self, node: ast.While) -> None:
        self.evaluate(node.test)
        self._branches((node.body, []))
        self.follow(node.orelse)

    def _do_for(self, node: ast.For | ast.AsyncFor) -> None:
        known = self.evaluate(node.iter).items
        if not known:
            self.bind(node.target, UNKNOWN)
            self._branches((node.body, []))
        else:
            ends = [dict(self.names)]
            for item in islice(known, _MOST_ROUNDS):
                self.bind(node.target, item)
                self.follow(node.body)
                ends.append(dict(self.names))
            self.names = _together(ends)
        self.follow(node.orelse)

    _do_asyncfor = _do_for

    def _do_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self._assign(item.optional_vars, value)
            elif value.databases:
                self.last = value
        self.follow(node.body)

    _do_asyncwith = _do_with


def _together(ends: Sequence[dict[str, Value]]) -> dict[str, Value]:
    if len(ends) == 1:
        return ends[0]
    names = dict.fromkeys(name for end in ends for name in end)
    return {name: values.merged([end[name] for end in ends if name in end]) for name in names}
