"""Read a statement with PostgreSQL's own grammar and list every name it reaches for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import postgast

from app.databases import vocabulary
from app.databases.errors import StatementRefusedError

Kind = Literal[
    "statement", "table", "function", "type", "operator", "sequence", "channel", "lock",
    "setting", "extension",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """Name one thing that a statement reaches for. `name` is None where only running would tell."""

    kind: Kind
    name: str | None
    schema: str = ""


_SUBSTATEMENTS: Final = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt"})


def references(text: str) -> list[Reference]:
    """List what a text of one or more statements reaches for.

    Raises StatementRefusedError when PostgreSQL's grammar does not accept the text.
    """
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError as error:
        raise StatementRefusedError(
            f"PostgreSQL's grammar does not accept this statement ({error}); mend its syntax."
        ) from error
    found: list[Reference] = []
    for raw in tree.stmts:
        field = raw.stmt.WhichOneof("node")
        if field is None:
            continue
        found.extend(_statement(getattr(raw.stmt, field), frozenset()))
    return found


def _statement(node: Any, scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("statement", type(node).__name__)
    yield from _walk(node, scope)


def _walk(node: Any, scope: frozenset[str]) -> Iterator[Reference]:
    name = type(node).__name__
    special = _SPECIAL.get(name)
    if special is not None:
        yield from special(node, scope)
    if name == "WithClause":
        return  # its members were read where they come into scope
    if node.DESCRIPTOR.fields_by_name.get("with_clause") is not None and node.HasField(
        "with_clause"
    ):
        yield from _common_tables(node.with_clause, scope)
        scope = scope | {cte.common_table_expr.ctename for cte in node.with_clause.ctes}
    yield from _children(node, scope)


def _children(node: Any, scope: frozenset[str]) -> Iterator[Reference]:
    for field, value in node.ListFields():
        if field.message_type is None:
            continue
        for child in value if field.is_repeated else (value,):
            yield from _walk(_unwrap(child), scope)


def _unwrap(node: Any) -> Any:
    if type(node).__name__ != "Node":
        return node
    field = node.WhichOneof("node")
    return node if field is None else getattr(node, field)


def _common_tables(clause: Any, scope: frozenset[str]) -> Iterator[Reference]:
    """Read WITH: a query in it sees those before it, and with RECURSIVE all of them."""
    names = [cte.common_table_expr.ctename for cte in clause.ctes]
    visible = scope | set(names) if clause.recursive else scope
    for cte in clause.ctes:
        # A query named like a table would make every later reading of that name ambiguous.
        yield Reference("table", cte.common_table_expr.ctename, "WITH")
        yield from _statement(_unwrap(cte.common_table_expr.ctequery), visible)
        visible = visible | {cte.common_table_expr.ctename}


def _range_var(node: Any, scope: frozenset[str]) -> Iterator[Reference]:
    if node.catalogname:
        yield Reference("table", f"{node.catalogname}.{node.schemaname}.{node.relname}", "?")
    elif node.schemaname or node.relname not in scope:
        yield Reference("table", node.relname, node.schemaname)


def _constant(node: Any) -> str | None:
    """Give a constant's text; None for anything that is only known when it runs."""
    node = _unwrap(node)
    kind = type(node).__name__
    if kind == "TypeCast":
        return _constant(node.arg)
    if kind != "A_Const":
        return None
    match node.WhichOneof("val"):
        case "sval":
            return str(node.sval.sval)
        case "ival":
            return str(node.ival.ival)
        case _:
            return None


def _names(parts: Any) -> list[str]:
    return [part.string.sval for part in parts]


def _function(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    *schema, name = _names(node.funcname)
    qualifier = schema[-1] if schema else ""
    first = _constant(node.args[0]) if node.args else None
    if qualifier not in {"", "pg_catalog"}:
        yield Reference("function", ".".join([*schema, name]), qualifier)
    elif name in vocabulary.ADVISORY_LOCKS:
        # The one-key form cannot say whose lock it is.
        yield Reference("lock", first if len(node.args) == 2 else None)  # noqa: PLR2004
    elif name == "pg_notify":
        yield Reference("channel", first)
    elif name == "set_config":
        yield Reference("setting", first)
    elif name in vocabulary.RELATION_FUNCTIONS:
        kind: Kind = "sequence" if name in {"nextval", "currval", "setval"} else "table"
        yield _relation(kind, first)
    else:
        yield Reference("function", name)


def _relation(kind: Kind, text: str | None) -> Reference:
    if text is None:
        return Reference(kind, None)
    *schema, name = text.replace('"', "").split(".")
    return Reference(kind, name, schema[-1] if schema else "")


def _cast(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    if _names(node.type_name.names)[-1:] == ["regclass"]:
        yield _relation("table", _constant(node.arg))


def _type(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    if not node.names:
        return
    *schema, name = _names(node.names)
    if name not in vocabulary.REGISTERED_TYPES:  # read with their argument, in _cast
        yield Reference("type", name, schema[-1] if schema else "")


def _operator(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    if node.name:
        yield Reference("operator", _names(node.name)[-1])


def _set(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("setting", node.name.lower() or "*")


def _channel(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("channel", node.conditionname or "*")


def _copy(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    if node.is_program or node.filename:
        yield Reference("statement", "COPY with a program or a file of the server")


def _drop(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    kinds: dict[int, Kind] = {
        postgast.pg_query_pb2.OBJECT_TABLE: "table",
        postgast.pg_query_pb2.OBJECT_SEQUENCE: "sequence",
        postgast.pg_query_pb2.OBJECT_TYPE: "type",
        postgast.pg_query_pb2.OBJECT_EXTENSION: "extension",
    }
    if node.remove_type == postgast.pg_query_pb2.OBJECT_INDEX:
        return  # an index is of its table, and cannot be named in the other database
    for target in node.objects:
        kind = kinds.get(node.remove_type)
        if kind is None:
            yield Reference("statement", "DROP of anything but tables, indexes, sequences, types")
        elif kind == "extension":
            yield Reference("extension", target.string.sval)
        elif kind != "type":  # a type's name is read as a type
            yield Reference(kind, _names(target.list.items)[-1])


def _extension(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("extension", node.extname)


def _enum(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("type", _names(node.type_name)[-1])


def _sequence(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("sequence", node.sequence.relname, node.sequence.schemaname)


def _inner_statement(node: Any, _scope: frozenset[str]) -> Iterator[Reference]:
    yield Reference("statement", type(_unwrap(node.query)).__name__)


_SPECIAL: Final = {
    "RangeVar": _range_var,
    "FuncCall": _function,
    "TypeCast": _cast,
    "TypeName": _type,
    "A_Expr": _operator,
    "VariableSetStmt": _set,
    "NotifyStmt": _channel,
    "ListenStmt": _channel,
    "UnlistenStmt": _channel,
    "CopyStmt": _copy,
    "DropStmt": _drop,
    "CreateExtensionStmt": _extension,
    "CreateEnumStmt": _enum,
    "AlterEnumStmt": _enum,
    "CreateSeqStmt": _sequence,
    "AlterSeqStmt": _sequence,
    "ExplainStmt": _inner_statement,
    "PrepareStmt": _inner_statement,
    "DeclareCursorStmt": _inner_statement,
}
