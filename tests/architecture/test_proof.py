"""Wall seven: every statement succeeds on exactly the databases it is declared for."""

from __future__ import annotations

from dataclasses import replace

from app.databases import dictionary
from app.databases.names import Database
from tests.architecture import proof
from tests.conftest import ROOT, Pair

USERS = """
    CREATE TYPE users_onboarding_status_enum AS ENUM ('not_started', 'in_progress', 'completed');
    CREATE TABLE users (
        id uuid PRIMARY KEY, role_id uuid, first_name text NOT NULL, last_name text NOT NULL,
        email text NOT NULL, objective text,
        onboarding_status users_onboarding_status_enum NOT NULL, is_active boolean NOT NULL,
        allow_matching boolean NOT NULL, is_email_verified boolean NOT NULL,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz
    );
    GRANT ALL ON users TO PUBLIC;
"""


# Grants are made out of the declared roles; a connection takes these very texts and no others.
WRITTEN_WHEN_IT_RUNS = {"app/adapters/granting.py"}


def test_every_statement_says_which_database_it_is_for() -> None:
    statements = proof.own_statements()
    assert len(statements) > 100
    assert [s.place for s in statements if not s.databases] == []
    unknown = {s.path.relative_to(ROOT).as_posix() for s in statements if not s.known}
    assert unknown <= WRITTEN_WHEN_IT_RUNS


def test_every_statement_succeeds_on_exactly_the_databases_it_is_declared_for(pair: Pair) -> None:
    assert proof.disproved(pair, proof.own_statements()) == []


def test_a_stray_users_table_in_the_ai_database_breaks_the_proof(pair: Pair) -> None:
    pair.sql(Database.AI, USERS)
    found = [one for one in proof.disproved(pair, proof.own_statements()) if "ai takes it" in one]
    assert len(found) > 5
    assert any("repositories/backend/users.py" in line for line in found)


def test_each_statement_declared_for_the_wrong_database_breaks_the_proof(pair: Pair) -> None:
    flipped = [
        replace(statement, database=statement.database.other)
        for statement in proof.own_statements()
        if statement.database is not None
    ]
    found = {line.split(": ")[0] for line in proof.disproved(pair, flipped)}
    passed = [s for s in flipped if f"{s.path.relative_to(ROOT)}:{s.line}" not in found]
    # Locks, settings and the system's catalogue are the same in both.
    assert all(proof.expected(s) == frozenset(Database) for s in passed)
    assert len(passed) < len(flipped) / 10


def test_the_dictionary_is_exactly_what_the_living_databases_hold(pair: Pair) -> None:
    with proof.raw(pair) as connections:
        living = {database: proof.catalogue(pg) for database, pg in connections.items()}
    for database in Database:
        declared = {("table", entry.name) for entry in dictionary.tables_of(database)}
        for kind, names in (
            ("type", dictionary.TYPES),
            ("sequence", dictionary.SEQUENCES),
            ("extension", dictionary.EXTENSIONS),
        ):
            declared |= {(kind, name) for name, owner in names.items() if owner is database}
        exact = {kind for kind, _ in declared} | {"sequence", "extension"}
        assert {found for found in living[database] if found[0] in exact} == declared


def test_what_the_dictionary_says_of_functions_and_operators_is_true(pair: Pair) -> None:
    with proof.raw(pair) as connections:
        living = {database: proof.catalogue(pg) for database, pg in connections.items()}
    for kind, names in (("function", dictionary.FUNCTIONS), ("operator", dictionary.OPERATORS)):
        for name, owner in names.items():
            assert (kind, name) in living[owner]
            assert (kind, name) not in living[owner.other]


def test_no_name_stands_in_both_databases(pair: Pair) -> None:
    with proof.raw(pair) as connections:
        ai, backend = (proof.catalogue(connections[database]) for database in Database)
    assert ai & backend == set()
    names = [entry.name for entry in dictionary.TABLES]
    assert len(names) == len(set(names))


def test_a_table_that_nobody_declared_is_seen(pair: Pair) -> None:
    pair.sql(Database.BACKEND, "CREATE TABLE embeddings (id uuid)")
    with proof.raw(pair) as connections:
        found = proof.catalogue(connections[Database.BACKEND])
    declared = {entry.name for entry in dictionary.tables_of(Database.BACKEND)}
    assert {name for kind, name in found if kind == "table"} - declared == {"embeddings"}
