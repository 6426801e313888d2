"""What an expression may be: a text, a connection, a collection of these, or nothing known."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable

from app.lint import naming, values
from app.lint.source import Function, Library, Module
from app.lint.templates import Template
from app.lint.values import UNKNOWN, Value

Class = tuple[Module, ast.ClassDef]


class Expressions:
    """Evaluate expressions of one function, class or module without running anything.

    Every part of an expression is looked at, whatever is known of it, so that no call is missed.
    """

    def __init__(self, library: Library, module: Module, owner: ast.ClassDef | None) -> None:
        self.library = library
        self.module = module
        self.owner = owner
        self.names: dict[str, Value] = {}
        self.last = UNKNOWN

    def globals_of(self, module: Module) -> dict[str, Value]:
        """Give what a module's own names may be."""
        raise NotImplementedError

    def attributes_of(self, owner: Class) -> dict[str, Value]:
        """Give what a class's attributes may be."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr | None) -> Value:
        """Tell what an expression may be."""
        if node is None:
            return UNKNOWN
        reader = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reader is not None:
            value: Value = reader(node)
            return value
        self._all(ast.iter_child_nodes(node))
        return UNKNOWN

    def _all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            if isinstance(node, ast.expr):
                self.evaluate(node)
            elif isinstance(node, (ast.keyword, ast.comprehension)):
                self._all(ast.iter_child_nodes(node))

    def _constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, bytes):
            return values.text(node.value.decode("utf-8", "replace"))
        return values.text(node.value) if isinstance(node.value, str) else UNKNOWN

    def _name(self, node: ast.Name) -> Value:
        found = self.names.get(node.id)
        if found is None:
            found = self.global_name(self.module, node.id)
        if found.databases or found.texts or found.items is not None:
            return found
        named = naming.of_name(node.id)
        return named if named.databases else found

    def global_name(self, module: Module, name: str) -> Value:
        """Tell what a module's name may be, through imports."""
        known = self.globals_of(module).get(name)
        if known is not None:
            return known
        target = self.library.imported(module, name)
        if target is None or target[1] is None or target[0] is module:
            return module.folder if name == "op" else UNKNOWN
        return self.global_name(*(target[0], target[1]))

    def find_class(self, node: ast.expr) -> Class | None:
        """Find the class that a name or `module.Name` stands for."""
        if isinstance(node, ast.Name):
            return self._class_named(self.module, node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = self.library.imported(self.module, node.value.id)
            if target is not None and target[1] is None:
                return self._class_named(target[0], node.attr)
        return None

    def _class_named(self, module: Module, name: str, depth: int = 0) -> Class | None:
        if name in module.classes:
            return module, module.classes[name]
        target = self.library.imported(module, name)
        if target is None or target[1] is None or depth > 4:  # noqa: PLR2004 - re-exports end
            return None
        return self._class_named(target[0], target[1], depth + 1)

    def family(self, owner: Class) -> list[Class]:
        """List a class and the classes it inherits from, nearest first."""
        found = [owner]
        for one in found:
            module, class_ = one
            for base in class_.bases:
                if isinstance(base, ast.Name):
                    parent = self._class_named(module, base.id)
                    if parent is not None and parent not in found:
                        found.append(parent)
        return found

    def find_method(self, owner: Class, name: str) -> tuple[Module, ast.ClassDef, Function] | None:
        """Find a method in a class or in those it inherits from."""
        for module, class_ in self.family(owner):
            for node in class_.body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    return module, class_, node
        return None

    def _attribute(self, node: ast.Attribute) -> Value:
        found = self._attribute_known(node)
        if found.databases or found.texts or found.items is not None:
            return found
        named = naming.of_name(node.attr)
        if named.databases:
            return named
        value = self.evaluate(node.value)
        for one in self.family(value.instance) if value.instance is not None else ():
            if node.attr in (known := self.attributes_of(one)):
                return known[node.attr]
        # A connection's own parts (conn.connection, cursor.connection) reach what it reaches.
        return Value(databases=value.databases, passed=value.passed) if value.databases else found

    def _attribute_known(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Name):
            if node.value.id in {"self", "cls"} and self.owner is not None:
                for one in self.family((self.module, self.owner)):
                    if node.attr in (known := self.attributes_of(one)):
                        return known[node.attr]
                return UNKNOWN
            target = self.library.imported(self.module, node.value.id)
            if target is not None and target[1] is None:
                return self.global_name(target[0], node.attr)
        owner = self.find_class(node.value)
        if owner is not None:
            return self.attributes_of(owner).get(node.attr, UNKNOWN)
        return UNKNOWN

    def _joinedstr(self, node: ast.JoinedStr) -> Value:
        made = values.text("")
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            value = self.evaluate(inner)
            made = values.joined(made, value if value.texts else Value(texts=(Template.hole(),)))
        return made

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(node.op, ast.Add):
            return values.joined(left, right)
        if isinstance(node.op, ast.Mod) and left.texts:
            texts = tuple(template.interpolated() for template in left.texts)
            return Value(texts=texts, passed=left.passed)
        return UNKNOWN

    def _ifexp(self, node: ast.IfExp) -> Value:
        self.evaluate(node.test)
        return values.merged((self.evaluate(node.body), self.evaluate(node.orelse)))

    def _boolop(self, node: ast.BoolOp) -> Value:
        return values.merged([self.evaluate(value) for value in node.values])

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.names[node.target.id] = value
        return value

    def _await(self, node: ast.Await) -> Value:
        return self.evaluate(node.value)

    def _starred(self, node: ast.Starred) -> Value:
        return self.evaluate(node.value)

    def _collection(self, node: ast.Tuple | ast.List | ast.Set) -> Value:
        items: list[Value] = []
        for element in node.elts:
            value = self.evaluate(element)
            if isinstance(element, ast.Starred):
                items.extend(value.items or ())
            else:
                items.append(value)
        return Value(items=tuple(items))

    _tuple = _list = _set = _collection

    def _dict(self, node: ast.Dict) -> Value:
        items = []
        for key, element in zip(node.keys, node.values, strict=True):
            self.evaluate(key)
            name = key.value if isinstance(key, ast.Constant) else None
            items.append(self.evaluate(element).called(name if isinstance(name, str) else ""))
        return Value(items=tuple(items))

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.evaluate(node.value)
        self.evaluate(node.slice)
        if value.items is None or isinstance(node.slice, ast.Slice):
            return value if value.items is not None else UNKNOWN
        if isinstance(node.slice, ast.Constant):
            key = node.slice.value
            if isinstance(key, str):
                return values.merged(
                    [item for item in value.items if item.name == key] or [UNKNOWN]
                )
            if isinstance(key, int) and -len(value.items) <= key < len(value.items):
                return value.items[key]
        return values.merged(value.items)

    def _lambda(self, node: ast.Lambda) -> Value:
        self.evaluate(node.body)
        return UNKNOWN

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        first, *others = node.generators
        made: list[Value] = []
        known = self.evaluate(first.iter).items
        for item in itertools.islice(known or (UNKNOWN,), values.MOST_TEXTS):
            self.bind(first.target, item)
            self._all(first.ifs)
            for other in others:
                found = self.evaluate(other.iter)
                self.bind(other.target, values.merged(found.items or (UNKNOWN,)))
                self._all(other.ifs)
            made.append(self.evaluate(node.elt))
        return Value(items=tuple(made)) if known else UNKNOWN

    _listcomp = _setcomp = _generatorexp = _comprehension

    def _dictcomp(self, node: ast.DictComp) -> Value:
        for one in node.generators:
            self.bind(one.target, values.merged(self.evaluate(one.iter).items or (UNKNOWN,)))
            self._all(one.ifs)
        self._all((node.key, node.value))
        return UNKNOWN

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give a value to a name, or its items to several names."""
        if isinstance(target, ast.Name):
            self.names[target.id] = value
            if value.databases:
                self.last = value
        elif isinstance(target, ast.Starred):
            self.bind(target.value, UNKNOWN)
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = value.items if value.items and len(value.items) == len(target.elts) else None
            for place, element in enumerate(target.elts):
                self.bind(element, items[place] if items else UNKNOWN)
        else:
            self.evaluate(target)
