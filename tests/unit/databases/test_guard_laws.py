"""Laws that the guard keeps for every text, not only for those somebody thought of."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.databases import dictionary
from app.databases.errors import WrongDatabaseError
from app.databases.guard import Guard
from app.databases.names import Database

GUARDS = {database: Guard(database) for database in Database}
databases = st.sampled_from(Database)
SHAPES = (
    "SELECT * FROM {t}",
    "SELECT (SELECT 1 FROM {t} LIMIT 1)",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {t})",
    "WITH q AS (SELECT * FROM {t}) SELECT * FROM q",
    "INSERT INTO {t} DEFAULT VALUES",
    "UPDATE {t} SET a = 1",
    "DELETE FROM {t}",
    "MERGE INTO {t} USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "COPY {t} FROM STDIN",
    "COPY (SELECT * FROM {t}) TO STDOUT",
    "TRUNCATE {t}",
    "LOCK TABLE {t}",
    "EXPLAIN SELECT * FROM {t}",
    "DECLARE c CURSOR FOR SELECT * FROM {t}",
    "SELECT 1; SELECT * FROM {t}",
)


def tables(database: Database) -> st.SearchStrategy[str]:
    return st.sampled_from([table.name for table in dictionary.tables_of(database)])


def passes(database: Database, text: str) -> bool:
    try:
        GUARDS[database].check(text.encode())
    except WrongDatabaseError:
        return False
    return True


@given(st.text(max_size=200))
def test_any_text_passes_or_is_refused_in_words_and_never_breaks_the_guard(text: str) -> None:
    with contextlib.suppress(WrongDatabaseError):
        GUARDS[Database.AI].check(text.encode(errors="surrogatepass"))


@given(st.binary(max_size=200))
def test_any_bytes_pass_or_are_refused_in_words(text: bytes) -> None:
    with contextlib.suppress(WrongDatabaseError):
        GUARDS[Database.BACKEND].check(text)


@given(databases.flatmap(lambda d: st.tuples(st.just(d), tables(d))), st.sampled_from(SHAPES))
def test_a_shape_passes_on_exactly_the_connection_of_its_table(
    placed: tuple[Database, str], shape: str
) -> None:
    database, table = placed
    text = shape.format(t=table)
    assert passes(database, text)
    assert not passes(database.other, text)


@st.composite
def disguises(draw: st.DrawFn, name: str) -> str:
    """Write a name in one of the ways that PostgreSQL reads as the same name."""
    match draw(st.sampled_from(["plain", "case", "quoted", "escaped", "schema", "comment"])):
        case "case":
            return "".join(c.upper() if draw(st.booleans()) else c for c in name)
        case "quoted":
            return f'"{name}"'
        case "escaped":
            return (
                'U&"' + "".join(f"\\{ord(c):04x}" if draw(st.booleans()) else c for c in name) + '"'
            )
        case "schema":
            return draw(st.sampled_from(["public.", '"public" . ', "PUBLIC."])) + name
        case "comment":
            return f"/* {draw(st.sampled_from(['embeddings', 'users']))} */ {name} -- x\n"
        case _:
            return name


@given(
    databases.flatmap(lambda d: st.tuples(st.just(d), tables(d).flatmap(disguises))),
    st.sampled_from(SHAPES),
)
def test_no_way_to_write_a_name_changes_what_is_decided(
    placed: tuple[Database, str], shape: str
) -> None:
    database, written = placed
    text = shape.format(t=written)
    assert passes(database, text)
    assert not passes(database.other, text)


@given(
    tables(Database.AI),
    tables(Database.BACKEND),
    st.sampled_from(
        [
            "SELECT * FROM {a}, {b}",
            "SELECT * FROM {a} x JOIN {b} y ON true",
            "INSERT INTO {a} SELECT * FROM {b}",
            "UPDATE {a} SET z = 1 FROM {b}",
            "DELETE FROM {a} USING {b}",
            "SELECT 1 FROM {a}; SELECT 1 FROM {b}",
            "WITH q AS (DELETE FROM {b} RETURNING 1) INSERT INTO {a} SELECT * FROM q",
        ]
    ),
)
def test_a_text_that_names_tables_of_both_passes_nowhere(ai: str, backend: str, shape: str) -> None:
    for text in (shape.format(a=ai, b=backend), shape.format(a=backend, b=ai)):
        assert not passes(Database.AI, text)
        assert not passes(Database.BACKEND, text)


@given(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.sampled_from(SHAPES))
def test_a_table_that_is_in_no_list_passes_nowhere(name: str, shape: str) -> None:
    if dictionary.table(name) is None and not name.startswith("pg_"):
        for database in Database:
            assert not passes(database, shape.format(t=f'"{name}"'))


@pytest.mark.parametrize("database", Database)
def test_every_declared_lock_passes_on_its_own_connection_only(database: Database) -> None:
    for key, owner in dictionary.LOCKS.items():
        text = f"SELECT pg_advisory_xact_lock({key}, $1)"
        assert passes(database, text) == (owner in (None, database))
