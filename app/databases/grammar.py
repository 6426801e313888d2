"""Read a statement with PostgreSQL's own grammar and list every name it reaches for."""

from __future__ import annotations

from typing import Any, Final

import postgast
from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # ships no types

from app.databases import definitions, vocabulary
from app.databases.errors import StatementRefusedError
from app.databases.syntax import (
    Kind,
    Reader,
    Reference,
    Scope,
    Special,
    constant,
    dotted,
    names,
    unwrap,
)

__all__ = ["Reference", "references"]


def references(text: str) -> list[Reference]:
    """List what a text of one or more statements reaches for.

    Raises StatementRefusedError when PostgreSQL's grammar does not accept the text, or when it is
    nested more deeply than can be read (some fifty levels).
    """
    if "\0" in text:
        raise StatementRefusedError("The statement holds a NUL character, where a server stops.")
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError as error:
        raise StatementRefusedError(
            f"PostgreSQL's grammar does not accept this statement ({error}); mend its syntax."
        ) from error
    except DecodeError:
        raise StatementRefusedError(
            "The statement is nested too deeply to be read before it is sent; write long chains of"
            " operators or subqueries as a list, an array parameter or several statements."
        ) from None
    reader = Reader(_SPECIAL)
    for raw in tree.stmts:
        reader.walk(unwrap(raw.stmt), frozenset())
    return reader.result()


def _range_var(reader: Reader, node: Any, scope: Scope) -> bool:
    if node.schemaname or node.relname not in scope:
        reader.relation([p for p in (node.catalogname, node.schemaname, node.relname) if p])
    return False


def _written(reader: Reader, node: Any, _scope: Scope) -> bool:
    """Note what is written to: WITH cannot stand in its place, whatever it is called."""
    target = node.relation
    reader.note("target", target.relname, target.schemaname)
    return False


def _copy(reader: Reader, node: Any, scope: Scope) -> bool:
    if node.is_program or node.filename:
        reader.refuse("COPY with a program or a file of the server")
    return _written(reader, node, scope) if node.is_from else False


def _many_written(reader: Reader, node: Any, _scope: Scope) -> bool:
    for relation in node.relations:
        target = unwrap(relation)
        reader.note("target", target.relname, target.schemaname)
    return False


def _function(reader: Reader, node: Any, _scope: Scope) -> bool:
    *schema, name = names(node.funcname)
    first = constant(node.args[0]) if node.args else None
    if schema not in ([], ["pg_catalog"]):
        reader.note("function", name, ".".join(schema))
    elif name in vocabulary.ADVISORY_LOCKS:
        # The one-key form cannot say whose lock it is.
        reader.note("lock", first if len(node.args) == 2 else None)  # noqa: PLR2004
    elif name == "pg_notify":
        reader.note("channel", first)
    elif name == "set_config":
        reader.note("setting", first)
    elif name in vocabulary.SEQUENCE_FUNCTIONS:
        reader.relation(dotted(first), "sequence")
    elif name in vocabulary.RELATION_FUNCTIONS:
        reader.relation(dotted(first))
    else:
        reader.note("function", name)
        _named_in_text(reader, name, [constant(argument) for argument in node.args])
    return False


def _named_in_text(reader: Reader, function: str, arguments: list[str | None]) -> None:
    """Note the relation or type that a constant names; an oid or a parameter only asks about it."""
    place = vocabulary.NAMING_ARGUMENT.get(function)
    if place is None or len(arguments) < -place or arguments[place] is None:
        return
    kind: Kind = "type" if function == "to_regtype" else "table"
    reader.relation(dotted(arguments[place]), kind)


def _cast(reader: Reader, node: Any, _scope: Scope) -> bool:
    kind = names(node.type_name.names)[-1:]
    if kind == ["regclass"]:
        reader.relation(dotted(constant(node.arg)))
    elif kind == ["regtype"] and type(unwrap(node.arg)).__name__ != "ColumnRef":
        reader.relation(dotted(constant(node.arg)), "type")
    return False


def _type(reader: Reader, node: Any, _scope: Scope) -> bool:
    if node.pct_type:
        reader.refuse("%TYPE")
    parts = names(node.names)
    if parts and parts[-1] not in vocabulary.REGISTERED_TYPES:  # read with their argument, in _cast
        reader.relation(parts, "type")
    return False


def _operator(field: str) -> Special:
    def read(reader: Reader, node: Any, _scope: Scope) -> bool:
        parts = names(getattr(node, field))
        if parts:
            reader.relation(parts, "operator")
        return False

    return read


def _column(reader: Reader, node: Any, _scope: Scope) -> bool:
    parts = names(node.fields)
    if len(node.fields) > 1 and parts:
        reader.note("qualifier", parts[-2] if len(parts) == len(node.fields) else parts[-1])
    return False


def _said(reader: Reader, node: Any, _scope: Scope) -> bool:
    if node.WhichOneof("val") == "sval":
        reader.said.add(node.sval.sval)
    return False


def _called(field: str) -> Special:
    def read(reader: Reader, node: Any, _scope: Scope) -> bool:
        reader.called.add(getattr(node, field))
        return False

    return read


def _done(_reader: Reader, _node: Any, _scope: Scope) -> bool:
    return True


def _set(reader: Reader, node: Any, _scope: Scope) -> bool:
    reader.note("setting", node.name.lower() or "*")
    return False


def _channel(reader: Reader, node: Any, _scope: Scope) -> bool:
    reader.note("channel", node.conditionname or "*")
    return False


def _transaction(reader: Reader, node: Any, _scope: Scope) -> bool:
    if node.gid:
        reader.refuse("A two-phase commit")
    return False


_SPECIAL: Final[dict[str, Special]] = {
    **definitions.SPECIAL,
    "RangeVar": _range_var,
    "InsertStmt": _written,
    "UpdateStmt": _written,
    "DeleteStmt": _written,
    "MergeStmt": _written,
    "CopyStmt": _copy,
    "TruncateStmt": _many_written,
    "LockStmt": _many_written,
    "FuncCall": _function,
    "TypeCast": _cast,
    "TypeName": _type,
    "A_Expr": _operator("name"),
    "SubLink": _operator("oper_name"),
    "SortBy": _operator("use_op"),
    "ColumnRef": _column,
    "A_Const": _said,
    "Alias": _called("aliasname"),
    "WithClause": _done,  # its members were read where they come into scope
    "LockingClause": _done,  # FOR UPDATE OF names what FROM named
    "VariableSetStmt": _set,
    "NotifyStmt": _channel,
    "ListenStmt": _channel,
    "UnlistenStmt": _channel,
    "TransactionStmt": _transaction,
}
