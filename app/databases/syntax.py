"""Walk through PostgreSQL's own tree of a statement and note every name in it.

Every node is visited. One that `vocabulary.NODES` does not know is noted as a statement of its own
name, which no connection passes: what is not understood is not sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from app.databases import vocabulary

# "target" is a table that is written to; "qualifier" is the t of t.column where nothing in the
# statement is called t, or the 't' that a catalogue is asked about.
Kind = Literal[
    "statement", "table", "target", "qualifier", "function", "type", "operator", "sequence", "index",
    "channel", "lock", "setting", "extension",
]  # fmt: skip
Scope = frozenset[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """Name one thing that a statement reaches for. `name` is None where only running would tell."""

    kind: Kind
    name: str | None
    schema: str = ""


class Reader:
    """Walk through a tree and note what it names.

    `special` reads the nodes whose names stand as plain text; one that gives True has read all
    that is below it.
    """

    def __init__(self, special: Mapping[str, Special]) -> None:
        self.special = special
        self.found: dict[Reference, None] = {}
        self.said: set[str] = set()
        self.called: set[str] = {"excluded", "old", "new"}

    def note(self, kind: Kind, name: str | None, schema: str = "") -> None:
        """Note one name."""
        self.found[Reference(kind, name, schema)] = None

    def refuse(self, what: str) -> None:
        """Note something that no connection passes."""
        self.note("statement", what)

    def relation(self, parts: Sequence[str] | None, kind: Kind = "table") -> None:
        """Note a table, sequence, type or index by the parts of its name; None: known when it runs."""
        if parts is None:
            self.note(kind, None)
        elif len(parts) > 2:  # noqa: PLR2004 - schema and name
            self.note(kind, ".".join(parts), "?")
        else:
            self.note(kind, parts[-1], parts[0] if len(parts) > 1 else "")

    def result(self) -> list[Reference]:
        """Give what was found, less the qualifiers that the statement itself explains."""
        found = [
            reference
            for reference in self.found
            if reference.kind != "qualifier" or reference.name not in self.called
        ]
        if any(r.kind == "table" and r.name in vocabulary.CATALOGUES for r in found) or any(
            r.schema == "information_schema" for r in found
        ):
            found += [Reference("qualifier", said) for said in sorted(self.said)]
        return found

    def walk(self, node: Any, scope: Scope) -> None:
        """Read a node and everything below it."""
        name = type(node).__name__
        if name not in vocabulary.NODES:
            self.note("statement", name)
        special = self.special.get(name)
        if special is not None and special(self, node, scope):
            return
        if name in _WITH and node.HasField("with_clause"):
            scope = self._common_tables(node.with_clause, scope)
        for field, value in node.ListFields():
            if field.message_type is None:
                continue
            for child in value if field.is_repeated else (value,):
                self.walk(unwrap(child), scope)

    def _common_tables(self, clause: Any, scope: Scope) -> Scope:
        """Read WITH: a query in it sees those before it, and with RECURSIVE all of them."""
        queries = [cte.common_table_expr for cte in clause.ctes]
        visible = scope | {q.ctename for q in queries} if clause.recursive else scope
        for query in queries:
            # A query named like a table would make every later reading of that name ambiguous.
            self.note("table", query.ctename, "WITH")
            self.called.add(query.ctename)
            self.walk(unwrap(query.ctequery), visible)
            visible = visible | {query.ctename}
        return visible


_WITH: Final = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def unwrap(node: Any) -> Any:
    """Give what a node of any kind holds."""
    if type(node).__name__ != "Node":
        return node
    field = node.WhichOneof("node")
    return node if field is None else getattr(node, field)


def names(parts: Any) -> list[str]:
    """Give the words of a dotted name; empty where it is not made of words."""
    words = [unwrap(part) for part in parts]
    return [word.sval for word in words if type(word).__name__ == "String"]


def constant(node: Any) -> str | None:
    """Give a constant's text; None for anything that is only known when it runs."""
    node = unwrap(node)
    kind = type(node).__name__
    if kind == "TypeCast":
        return constant(node.arg)
    if kind != "A_Const":
        return None
    match node.WhichOneof("val"):
        case "sval":
            return str(node.sval.sval)
        case "ival":
            return str(node.ival.ival)
        case _:
            return None


_PART: Final = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^".\s]+))\s*(?:\.|$)')


def dotted(text: str | None) -> list[str] | None:
    """Split a name in a text as `regclass` does: folded to lower case unless it is quoted."""
    if text is None:
        return None
    parts: list[str] = []
    end = 0
    while end < len(text):
        found = _PART.match(text, end)
        if found is None:
            return [text]
        quoted, plain = found.groups()
        parts.append(plain.lower() if quoted is None else quoted.replace('""', '"'))
        end = found.end()
    return parts or [text]


Special = Callable[[Reader, Any, Scope], bool]
