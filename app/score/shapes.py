"""The shapes a statement about a table can take, and every way the driver has to send one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from app.databases.connections import DatabaseConnection

Send = Callable[[DatabaseConnection, str], object]


def _text(text: str) -> sql.SQL:
    return sql.SQL(text)


def _cursor(connection: DatabaseConnection, text: str) -> None:
    with connection.cursor(binary=True) as cursor:
        cursor.execute(_text(text))


def _many(connection: DatabaseConnection, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_text(text), [(), ()])


def _stream(connection: DatabaseConnection, text: str) -> None:
    with connection.cursor() as cursor:
        for _ in cursor.stream(_text(text)):
            pass


def _server_side(connection: DatabaseConnection, text: str) -> None:
    with connection.cursor(name="score") as cursor:
        cursor.execute(_text(text))


def _pipeline(connection: DatabaseConnection, text: str) -> None:
    with connection.pipeline():
        connection.execute(_text(text))


def _copy(connection: DatabaseConnection, text: str) -> None:
    with connection.cursor() as cursor, cursor.copy(_text(text)) as copy:
        if " TO STDOUT" in text:
            for _ in copy:
                pass


ENTRY: Final[dict[str, Send]] = {
    "execute": lambda c, t: c.execute(_text(t)),
    "execute, prepared": lambda c, t: c.execute(_text(t), prepare=True),
    "execute, bytes": lambda c, t: c.execute(t.encode()),
    "execute, composed": lambda c, t: c.execute(sql.Composed([_text(t), sql.SQL(" ")])),
    "cursor, binary": _cursor,
    "executemany": _many,
    "stream": _stream,
    "server-side cursor": _server_side,
    "pipeline": _pipeline,
    "copy": _copy,
}
READING: Final = tuple(name for name in ENTRY if name != "copy")
WRITING: Final = ("execute", "execute, prepared", "execute, bytes", "executemany", "pipeline")
ONLY: Final = ("execute", "pipeline")


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold one shape: {t} stands for the table, {c} for a column of it.

    `ddl` ones are sent by a connection that may migrate. `hostile` ones hide the name where no
    statement of ours would; they are refused on every connection, the right one too.
    """

    verb: str
    text: str
    entries: tuple[str, ...]
    ddl: bool = False
    hostile: bool = False

    def of(self, table: str, column: str) -> str:
        """Write the statement for one table."""
        escaped = 'U&"' + "".join(f"\\{ord(letter):04x}" for letter in table) + '"'
        return self.text.replace("{t}", table).replace("{c}", f'"{column}"').replace("{u}", escaped)


def _shapes(verb: str, entries: tuple[str, ...], *texts: str, **kind: bool) -> list[Shape]:
    return [Shape(verb, text, entries, **kind) for text in texts]


SHAPES: Final[tuple[Shape, ...]] = (
    *_shapes(
        "SELECT",
        READING,
        "SELECT * FROM {t}",
        'SELECT x.{c} FROM ONLY public."{t}" AS x',
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM {t})",
        "WITH q AS (SELECT * FROM {t}) SELECT count(*) FROM q",
        "TABLE {t}",
        "SELECT 1 FROM {u} /* an escaped name */",
        "SELECT ARRAY(SELECT 1 FROM {t} a, LATERAL (SELECT a.{c}) b)",
        "SELECT 1 UNION ALL SELECT count(*) FROM {t}",
    ),
    *_shapes(
        "a name in a value",
        ("execute", "stream", "executemany"),
        "SELECT '{t}'::regclass",
        "SELECT regclass '{t}'::oid",
        "SELECT CAST('public.{t}' AS regclass)",
        "SELECT to_regclass('{t}')",
        "SELECT pg_total_relation_size('{t}')",
        "SELECT NULL::{t}",
        "SELECT has_table_privilege('{t}', 'select')",
    ),
    *_shapes(
        "INSERT",
        WRITING,
        "INSERT INTO {t} ({c}) VALUES (NULL)",
        "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT DO NOTHING RETURNING {c}",
    ),
    *_shapes(
        "UPDATE",
        WRITING,
        "UPDATE {t} SET {c} = {c}",
        "UPDATE {t} AS x SET {c} = x.{c} FROM (SELECT 1) y RETURNING x.{c}",
    ),
    *_shapes(
        "DELETE",
        WRITING,
        "DELETE FROM {t}",
        "WITH gone AS (DELETE FROM {t} RETURNING 1) SELECT count(*) FROM gone",
    ),
    *_shapes(
        "MERGE",
        WRITING,
        "MERGE INTO {t} USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ),
    *_shapes(
        "COPY",
        ("copy",),
        "COPY {t} TO STDOUT",
        "COPY (SELECT * FROM {t}) TO STDOUT",
        "COPY {t} ({c}) FROM STDIN",
    ),
    *_shapes("TRUNCATE", ONLY, "TRUNCATE {t} CASCADE"),
    *_shapes("LOCK", ONLY, "LOCK TABLE {t} IN SHARE MODE"),
    *_shapes(
        "around",
        ONLY,
        "EXPLAIN SELECT * FROM {t}",
        "DECLARE score_cursor CURSOR FOR SELECT * FROM {t}",
        "PREPARE score_statement AS SELECT * FROM {t}",
    ),
    *_shapes("several statements", ("execute",), "SELECT 1; DELETE FROM {t}; SELECT 2"),
    *_shapes(
        "DDL",
        ("execute",),
        "ALTER TABLE {t} ADD score_column int",
        "ALTER TABLE {t} RENAME COLUMN {c} TO score_column",
        "CREATE INDEX ON {t} ({c})",
        "COMMENT ON TABLE {t} IS 'score'",
        "COMMENT ON COLUMN {t}.{c} IS 'score'",
        "DROP TABLE IF EXISTS {t} CASCADE",
        "CREATE TABLE IF NOT EXISTS {t} (score_column int)",
        "ANALYZE {t}",
        ddl=True,
    ),
    *_shapes(
        "hostile",
        ("execute", "executemany"),
        "SELECT query_to_xml('SELECT * FROM {t}', true, true, '')",
        "SELECT table_to_xml('{t}', true, true, '')",
        "SELECT ('{t}' || '')::regclass",
        "DO $$ BEGIN PERFORM 1 FROM {t}; END $$",
        "WITH {t} AS (SELECT 1) SELECT * FROM {t}",
        "SELECT * FROM dblink('', 'SELECT 1 FROM {t}') AS x (y int)",
        "SELECT * FROM pg_temp.{t}",
        "EXECUTE {t}",
        "SELECT pg_get_viewdef('{t}')",
        "SELECT * INTO TEMP {t} FROM (SELECT 1) x",
        hostile=True,
    ),
)

# What names a thing that is no table.
OTHERS: Final[dict[str, tuple[Shape, ...]]] = {
    "sequence": tuple(
        _shapes(
            "sequence",
            ("execute", "stream", "pipeline"),
            "SELECT nextval('{t}')",
            "SELECT setval('public.{t}', 7)",
            "SELECT currval('{t}'::regclass)",
            "SELECT last_value FROM {t}",
        )
    ),
    "type": tuple(
        _shapes(
            "type",
            ("execute", "stream"),
            "SELECT NULL::{t}",
            "SELECT CAST(NULL AS {t}[])",
            "SELECT to_regtype('{t}')",
        )
    ),
    "operator": tuple(
        _shapes(
            "operator", ("execute", "stream"), "SELECT $1 {t} $2", "SELECT 1 WHERE $1 {t} $2 < 3"
        )
    ),
    "index": tuple(
        _shapes(
            "index",
            ("execute",),
            "DROP INDEX IF EXISTS {t}",
            "REINDEX INDEX {t}",
            "ALTER INDEX {t} RENAME TO {t}",
            ddl=True,
        )
    ),
    "function": tuple(_shapes("function", ("execute", "stream"), "SELECT {t}($1)", hostile=True)),
}
