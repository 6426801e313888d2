"""Read the names in statements that change a database's shape, where no table stands as a table."""

from __future__ import annotations

from typing import Any, Final

import postgast

from app.databases.syntax import Kind, Reader, Scope, Special, names, unwrap

_pb: Final = postgast.pg_query_pb2
_KINDS: Final[dict[int, Kind]] = {
    _pb.OBJECT_TABLE: "table",
    _pb.OBJECT_SEQUENCE: "sequence",
    _pb.OBJECT_INDEX: "index",
    _pb.OBJECT_TYPE: "type",
    _pb.OBJECT_EXTENSION: "extension",
}
# Objects inside a table: the table's name, then theirs.
_INSIDE: Final = frozenset({_pb.OBJECT_COLUMN, _pb.OBJECT_TABCONSTRAINT})


def _object(reader: Reader, kind: int, target: Any) -> None:
    """Note what DROP, COMMENT and RENAME are about."""
    target = unwrap(target)
    known = _KINDS.get(kind)
    parts = names(target.items) if type(target).__name__ == "List" else []
    if kind in _INSIDE and parts:
        reader.relation(parts[:-1])
    elif known is None:
        reader.refuse("A change of anything but tables, columns, sequences, indexes and types")
    elif known == "extension":
        reader.note("extension", target.sval)
    elif parts:  # a type that comes as a TypeName is read as one
        reader.relation(parts, known)


def _drop(reader: Reader, node: Any, _scope: Scope) -> bool:
    for target in node.objects:
        _object(reader, node.remove_type, target)
    return False


def _comment(reader: Reader, node: Any, _scope: Scope) -> bool:
    _object(reader, node.objtype, node.object)
    return False


def _rename(reader: Reader, node: Any, _scope: Scope) -> bool:
    known = _KINDS.get(node.rename_type)
    if known is not None and known != "extension":
        reader.note(known, node.newname)
    elif node.rename_type not in _INSIDE:
        reader.refuse("A rename of anything but tables, columns, sequences, indexes and types")
    if node.HasField("object"):
        _object(reader, node.rename_type, node.object)
    return _of_an_index(reader, node) if known == "index" else False


def _of_an_index(reader: Reader, node: Any) -> bool:
    reader.note("index", node.relation.relname, node.relation.schemaname)
    return True


def _alter(reader: Reader, node: Any, scope: Scope) -> bool:
    if node.objtype != _pb.OBJECT_INDEX:
        return False
    for command in node.cmds:
        reader.walk(unwrap(command), scope)
    return _of_an_index(reader, node)


def _reindex(reader: Reader, node: Any, _scope: Scope) -> bool:
    is_index = node.kind == _pb.REINDEX_OBJECT_INDEX
    return _of_an_index(reader, node) if is_index else False


def _extension(reader: Reader, node: Any, _scope: Scope) -> bool:
    reader.note("extension", node.extname)
    return False


def _enum(reader: Reader, node: Any, _scope: Scope) -> bool:
    reader.relation(names(node.type_name), "type")
    return False


def _option(reader: Reader, node: Any, _scope: Scope) -> bool:
    """Note the names that options carry: whose a sequence is, and what it is called."""
    if node.defname == "owned_by":
        owner = names(node.arg.list.items)[:-1]
        if owner:  # OWNED BY NONE is one word
            reader.relation(owner)
    elif node.defname == "sequence_name":
        reader.relation(names(node.arg.list.items), "sequence")
    return False


def _exclusions(reader: Reader, node: Any, _scope: Scope) -> bool:
    if node.exclusions:
        reader.refuse("EXCLUDE")  # its operators stand nowhere else
    return False


SPECIAL: Final[dict[str, Special]] = {
    "DropStmt": _drop,
    "CommentStmt": _comment,
    "RenameStmt": _rename,
    "AlterTableStmt": _alter,
    "ReindexStmt": _reindex,
    "CreateExtensionStmt": _extension,
    "CreateEnumStmt": _enum,
    "AlterEnumStmt": _enum,
    "DefElem": _option,
    "Constraint": _exclusions,
}
