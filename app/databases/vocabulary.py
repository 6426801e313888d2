"""What a statement may use in either database: everything else is refused until it is declared."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = frozenset(
    {
        "SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt",
        "TruncateStmt", "LockStmt", "TransactionStmt", "VariableSetStmt", "VariableShowStmt",
        "DeclareCursorStmt", "FetchStmt", "ClosePortalStmt", "ExplainStmt", "PrepareStmt",
        "DeallocateStmt", "NotifyStmt", "ListenStmt", "UnlistenStmt",
    }
)  # fmt: skip

# Only a connection that runs migrations may change the shape of things.
DDL_STATEMENTS: Final = frozenset(
    {
        "CreateStmt", "AlterTableStmt", "DropStmt", "IndexStmt", "CreateEnumStmt", "AlterEnumStmt",
        "CommentStmt", "RenameStmt", "CreateExtensionStmt", "CreateSeqStmt", "AlterSeqStmt",
        "ReindexStmt", "VacuumStmt", "CreateTableAsStmt", "IntoClause",
    }
)  # fmt: skip

# Parts of statements that name nothing, or whose names are read. A part that stands in none of these
# lists is refused like an unknown statement: XMLTABLE, TABLESAMPLE and whatever PostgreSQL adds next.
_PARTS: Final = frozenset(
    {
        "Node", "Integer", "Float", "Boolean", "String", "BitString", "List", "A_Const", "A_Star",
        "A_Expr", "A_Indices", "A_Indirection", "A_ArrayExpr", "Alias", "BoolExpr", "BooleanTest",
        "CaseExpr", "CaseWhen", "CoalesceExpr", "CollateClause", "ColumnRef", "CommonTableExpr",
        "CTECycleClause", "CTESearchClause", "CurrentOfExpr", "DefElem", "FuncCall", "GroupingFunc",
        "GroupingSet", "IndexElem", "InferClause", "JoinExpr", "JsonAggConstructor",
        "JsonArrayAgg", "JsonArrayConstructor", "JsonFormat", "JsonIsPredicate", "JsonKeyValue",
        "JsonObjectAgg", "JsonObjectConstructor", "JsonOutput", "JsonReturning", "JsonValueExpr",
        "LockingClause", "MergeSupportFunc", "MergeWhenClause", "MinMaxExpr", "MultiAssignRef",
        "NamedArgExpr", "NullTest", "OnConflictClause", "ParamRef", "RangeFunction",
        "RangeSubselect", "RangeVar", "ResTarget", "ReturningClause", "ReturningOption", "RowExpr",
        "SetToDefault", "SortBy", "SQLValueFunction", "SubLink", "TypeCast", "TypeName",
        "WindowDef", "WithClause",
    }
)  # fmt: skip
_DDL_PARTS: Final = frozenset(
    {
        "AlterTableCmd", "ATAlterConstraint", "ColumnDef", "Constraint", "PartitionBoundSpec",
        "PartitionCmd", "PartitionElem", "PartitionRangeDatum", "PartitionSpec", "TableLikeClause",
        "VacuumRelation",
    }
)  # fmt: skip
# Statements are judged one by one wherever they stand, so they are no silent part of another.
NODES: Final = _PARTS | _DDL_PARTS

# SET of anything that could move a name to another place (search_path, role) stays refused, and so
# does what would make a server read the text otherwise than the guard did (client_encoding).
SETTINGS: Final = frozenset(
    {
        "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "enable_nestloop",
        "application_name", "timezone", "transaction", "session characteristics",
        "work_mem", "maintenance_work_mem", "max_parallel_workers_per_gather",
        "max_parallel_maintenance_workers", "synchronous_commit", "plan_cache_mode", "enable_seqscan",
        "enable_indexscan", "jit", "hnsw.ef_search", "hnsw.iterative_scan", "hnsw.max_scan_tuples",
        "hnsw.scan_mem_multiplier",
    }
)  # fmt: skip

# Functions of PostgreSQL whose result depends on their arguments, the clock or the session alone.
FUNCTIONS: Final = frozenset(
    {
        # aggregates and windows
        "count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg",
        "json_object_agg", "jsonb_object_agg", "bool_and", "bool_or", "every", "bit_xor",
        "percentile_cont", "percentile_disc", "mode", "stddev", "variance", "row_number", "rank",
        "dense_rank", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
        # numbers
        "abs", "ceil", "ceiling", "exp", "floor", "ln", "log", "mod", "power", "random", "round",
        "sign", "sqrt", "trunc", "width_bucket",
        # text
        "btrim", "char_length", "concat", "concat_ws", "convert_from", "convert_to", "decode",
        "encode", "format", "initcap", "left", "length", "lower", "lpad", "ltrim", "md5",
        "octet_length", "overlay", "position", "regexp_match", "regexp_matches", "regexp_replace",
        "regexp_split_to_array", "repeat", "replace", "reverse", "right", "rpad", "rtrim", "sha256",
        "split_part", "starts_with", "strpos", "substr", "substring", "to_char", "to_hex",
        "translate", "upper", "hashtext", "hashtextextended", "hashfloat8",
        # time
        "age", "clock_timestamp", "date_part", "date_trunc", "extract", "make_interval", "now",
        "statement_timestamp", "to_timestamp", "transaction_timestamp", "timezone",
        # arrays, sets, JSON, uuid
        "array_append", "array_cat", "array_length", "array_position", "array_remove",
        "array_to_string", "cardinality", "generate_series", "generate_subscripts", "unnest",
        "json_array_elements", "json_build_array", "json_build_object", "jsonb_array_elements",
        "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
        "jsonb_build_object", "jsonb_each",
        "jsonb_each_text", "jsonb_object_keys", "jsonb_set", "jsonb_strip_nulls", "jsonb_typeof",
        "row_to_json", "to_json", "to_jsonb", "gen_random_uuid",
        # the session and the catalogue
        "current_database", "current_schema", "current_setting", "pg_backend_pid",
        "pg_blocking_pids", "pg_column_size", "pg_get_expr", "pg_get_constraintdef",
        "pg_get_indexdef", "pg_is_in_recovery", "pg_database_size", "pg_table_is_visible",
        "pg_type_is_visible", "pg_encoding_to_char", "version", "format_type", "has_table_privilege",
        "has_database_privilege", "has_column_privilege", "has_schema_privilege", "col_description",
        "obj_description", "to_regtype",
    }
)  # fmt: skip

ADVISORY_LOCKS: Final = frozenset(
    {
        f"pg_{attempt}advisory_{scope}lock{mode}"
        for attempt in ("", "try_")
        for scope in ("", "xact_")
        for mode in ("", "_shared")
    }
    | {"pg_advisory_unlock", "pg_advisory_unlock_shared"}
)

# Functions whose first argument is the name of a sequence, or of another relation; a value that is
# known only when they run is refused.
SEQUENCE_FUNCTIONS: Final = frozenset({"nextval", "currval", "setval"})
RELATION_FUNCTIONS: Final = frozenset(
    {
        "to_regclass", "pg_relation_size", "pg_table_size", "pg_total_relation_size",
        "pg_indexes_size",
    }
)  # fmt: skip

# Functions that read no row, whose argument at this place (from the end) may name a relation or type.
NAMING_ARGUMENT: Final = {
    "has_table_privilege": -2,
    "has_column_privilege": -3,
    "to_regtype": -1,
}

REGISTERED_TYPES: Final = frozenset({"regclass", "regtype"})

TYPES: Final = frozenset(
    {
        "bool", "boolean", "int2", "int4", "int8", "smallint", "integer", "int", "bigint", "float4",
        "float8", "real", "numeric", "decimal", "text", "varchar", "bpchar", "char", "name",
        "bytea", "uuid", "json", "jsonb", "date", "time", "timetz", "timestamp", "timestamptz",
        "interval", "inet", "cidr", "oid", "regrole", "int4range", "int8range",
        "tstzrange", "bigserial", "serial", "record",
    }
)  # fmt: skip

# Catalogues say what a database is, never what a member wrote.
CATALOGUES: Final = frozenset(
    {
        "pg_am", "pg_attribute", "pg_attrdef", "pg_auth_members", "pg_class", "pg_collation",
        "pg_constraint", "pg_cursors", "pg_database", "pg_depend", "pg_description", "pg_enum",
        "pg_extension",
        "pg_available_extensions", "pg_index", "pg_indexes", "pg_locks", "pg_namespace",
        "pg_operator", "pg_proc", "pg_range", "pg_roles", "pg_sequence", "pg_settings",
        "pg_stat_activity", "pg_stat_user_tables", "pg_stat_database", "pg_stat_progress_create_index",
        "pg_tables", "pg_type", "pg_stat_user_indexes",
    }
)  # fmt: skip
