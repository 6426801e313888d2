"""A database that another backend made is adopted by an explicit command, and given back whole."""

from __future__ import annotations

import pytest

from app.databases import dictionary
from app.databases.names import Database
from tests.conftest import Pair, Run
from tests.nestjs_backend import TAKEN

AI, BACKEND = Database.AI, Database.BACKEND
# As another backend's migrations leave it: its own names for types, varchar, more tables, more columns.
THEIRS = """
CREATE TYPE "users_onboarding_status_enum" AS ENUM ('not_started', 'in_progress', 'completed');
CREATE TYPE "summary_status" AS ENUM ('draft', 'approved', 'archived');
CREATE TYPE "urgency" AS ENUM ('urgent', 'time_sensitive', 'ongoing', 'exploratory');
CREATE TYPE "batch_status" AS ENUM ('draft', 'in_progress', 'completed');
CREATE TYPE "decision" AS ENUM ('pending', 'approved', 'declined');
CREATE TABLE roles (id uuid PRIMARY KEY, title varchar);
CREATE TABLE users (id uuid PRIMARY KEY, role_id uuid REFERENCES roles, first_name varchar(100),
  last_name varchar(100), email varchar UNIQUE, objective varchar, phone varchar,
  onboarding_status users_onboarding_status_enum DEFAULT 'not_started', is_active boolean,
  allow_matching boolean, is_email_verified boolean, created_at timestamptz, updated_at timestamptz,
  deleted_at timestamptz);
CREATE TABLE user_summaries (id uuid PRIMARY KEY, user_id uuid REFERENCES users, status summary_status,
  summary text, version integer, webhook boolean, urgency urgency, created_at timestamptz,
  updated_at timestamptz);
CREATE TABLE match_batches (id uuid PRIMARY KEY, data jsonb, status batch_status,
  match_date timestamptz, created_at timestamptz);
CREATE TABLE matches (id uuid PRIMARY KEY, batch_id uuid REFERENCES match_batches, user_a_id uuid,
  user_b_id uuid, user_a_decision decision, user_b_decision decision, status decision,
  match_tier varchar(20), explanation jsonb, score_breakdown jsonb, created_at timestamptz,
  updated_at timestamptz, UNIQUE (user_a_id, user_b_id));
CREATE TABLE match_feedback (id uuid PRIMARY KEY, match_id uuid, user_id uuid, decision decision,
  reason_tags text[], reason_text text, other_user_attributes jsonb);
CREATE TABLE user_onboarding_answers (id uuid, user_id uuid, prompt text, user_response jsonb, code varchar);
CREATE TABLE user_documents (id uuid, user_id uuid, type varchar, url varchar, title varchar);
CREATE TABLE messages (id uuid PRIMARY KEY, conversation_id uuid, content text);
INSERT INTO users (id, first_name, email) VALUES ('00000000-0000-4000-8000-00000000000a', 'Ann', 'a@b.c');
"""


@pytest.fixture
def theirs(empty_pair: Pair) -> Pair:
    empty_pair.sql(BACKEND, THEIRS)
    return empty_pair


def _adopt(run: Run, pair: Pair, database: Database, *options: str) -> tuple[int, str]:
    answer = run(["-m", "app.cli.main", "adopt", database.value, *options], pair.environment)
    return answer.returncode, answer.stdout + answer.stderr


def _shape(pair: Pair) -> str:
    """Write down every column, constraint, index, type and row that is theirs."""
    return pair.sql(
        BACKEND,
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace"
        " ORDER BY 1, 2; SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1;"
        " SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace ORDER BY 1;"
        " TABLE users;",
    )


def _catalogue(pair: Pair) -> str:
    """Write down all that the catalogue says of the database: rights, defaults, comments, settings."""
    return _shape(pair) + pair.sql(
        BACKEND,
        " SELECT c.relname, c.relkind, c.relacl, c.relowner::regrole, c.reloptions, c.relrowsecurity"
        "  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1;"
        " SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef ORDER BY 1, adnum;"
        " SELECT tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger ORDER BY 1, tgname;"
        " SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1;"
        " SELECT enumtypid::regtype, enumlabel FROM pg_enum ORDER BY 1, enumsortorder;"
        " SELECT nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY 1;"
        " SELECT classoid::regclass, objoid, description FROM pg_description WHERE objoid >= 16384;"
        " SELECT description FROM pg_shdescription JOIN pg_database d ON d.oid = objoid"
        "  WHERE datname = current_database();"
        " SELECT extname FROM pg_extension ORDER BY 1; SELECT evtname FROM pg_event_trigger;"
        " SELECT defaclrole, defaclacl FROM pg_default_acl;"
        " SELECT datacl, datdba::regrole FROM pg_database WHERE datname = current_database();"
        " SELECT setrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase"
        "  WHERE datname = current_database() ORDER BY 1;",
    )


def _tables(pair: Pair, database: Database) -> set[str]:
    found = pair.sql(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public';")
    return set(found.splitlines())


def test_it_is_adopted_beside_what_was_there_used_and_given_back(theirs: Pair, run: Run) -> None:
    before, tables = _catalogue(theirs), _tables(theirs, BACKEND)
    code, said = _adopt(run, theirs, BACKEND)
    assert code == 0, said
    made = _tables(theirs, BACKEND) - tables
    assert made == {t.name for t in dictionary.tables_of(BACKEND) if t.owner == "ours"}
    answer = run(["-m", "app.cli.main", "migrate"], theirs.environment)
    assert answer.returncode == 0, answer.stderr
    again = run(["-m", "app.cli.main", "migrate"], theirs.environment)
    assert again.returncode == 0, again.stderr
    call = (
        "from app.adapters.postgresql import postgresql_adapter as a; a.verify()\n"
        "who = '00000000-0000-4000-8000-00000000000a'\n"
        "a.update_user_onboarding_status(who, 'completed')\n"
        "a.create_user_summary(who, 'needs')\n"
    )
    answer = run(["-c", call], theirs.environment)
    assert answer.returncode == 0, answer.stderr
    theirs.sql(
        BACKEND, "DELETE FROM user_summaries; UPDATE users SET onboarding_status = 'not_started';"
    )
    code, said = _adopt(run, theirs, BACKEND, "--undo", "--yes")
    assert code == 0, said
    assert _tables(theirs, BACKEND) == tables
    assert _catalogue(theirs) == before


def test_each_missing_thing_is_named_and_nothing_is_changed(theirs: Pair, run: Run) -> None:
    theirs.sql(
        BACKEND,
        "ALTER TABLE users DROP COLUMN allow_matching;"
        "ALTER TABLE users ALTER COLUMN is_active TYPE integer USING 1;"
        "ALTER TABLE user_summaries ALTER COLUMN urgency TYPE text;"
        "ALTER TYPE users_onboarding_status_enum RENAME VALUE 'completed' TO 'done';"
        "DROP TABLE user_documents; CREATE TABLE outbox (id int); CREATE VIEW profiles AS SELECT 1;",
    )
    before = _shape(theirs)
    code, said = _adopt(run, theirs, BACKEND)
    assert code == 1
    for words in (
        "column users.allow_matching is missing (boolean)",
        "column users.is_active is of the type int4 and should be boolean",
        "column user_summaries.urgency is of the type text and should be an enumeration",
        "column users.onboarding_status does not know the value completed",
        "table user_documents is missing",
        "table outbox is there already",
        "table profiles is there already",
    ):
        assert words in said
    assert "nothing was changed" in said
    assert _shape(theirs) == before


def test_the_ai_database_is_adopted_into_the_same_pair(theirs: Pair, run: Run) -> None:
    theirs.sql(AI, "CREATE TABLE somebody_elses (id int);")
    assert _adopt(run, theirs, BACKEND)[0] == 0
    code, said = _adopt(run, theirs, AI)
    assert code == 0, said
    call = "from app.adapters.postgresql import postgresql_adapter as a; a.verify()"
    assert run(["-c", call], theirs.environment).returncode == 0
    code, said = _adopt(run, theirs, AI, "--undo", "--yes")
    assert code == 0, said
    assert _tables(theirs, AI) == {"somebody_elses"}


@pytest.mark.parametrize("database", list(Database))
def test_what_migrate_made_is_neither_adopted_nor_undone(
    pair: Pair, run: Run, database: Database
) -> None:
    code, said = _adopt(run, pair, database)
    assert code == 1
    assert "nothing is adopted twice" in said
    code, said = _adopt(run, pair, database, "--undo", "--yes")
    assert code == 1
    assert "was not adopted" in said
    assert "outbox" in _tables(pair, BACKEND)


def test_an_empty_database_is_migrated_and_not_adopted(empty_pair: Pair, run: Run) -> None:
    code, said = _adopt(run, empty_pair, AI)
    assert code == 1
    assert "Run `reciprocity migrate`" in said


def test_the_other_database_of_a_swapped_pair_is_not_adopted(pair: Pair, run: Run) -> None:
    swapped = {
        "DATABASE_URL": pair.environment["RECIPROCITY_BACKEND_DB_URL"],
        "RECIPROCITY_BACKEND_DB_URL": pair.environment["DATABASE_URL"],
    }
    answer = run(["-m", "app.cli.main", "adopt", "backend"], swapped)
    assert answer.returncode == 1
    assert "swapped?" in answer.stderr


def test_rights_that_the_contract_needs_and_a_role_lacks_are_named(theirs: Pair, run: Run) -> None:
    role = f"poor_{theirs.name}"
    theirs.sql(
        BACKEND,
        f"CREATE ROLE {role} LOGIN PASSWORD 'poor'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};"
        f"REVOKE SELECT ON matches FROM {role};",
    )
    address = theirs.environment["RECIPROCITY_BACKEND_DB_URL"].replace(
        "postgres:postgres@", f"{role}:poor@"
    )
    before = _shape(theirs)
    answer = run(
        ["-m", "app.cli.main", "adopt", "backend"],
        theirs.environment | {"RECIPROCITY_BACKEND_DB_URL": address},
    )
    theirs.sql(BACKEND, f"DROP OWNED BY {role}; DROP ROLE {role};")
    assert answer.returncode == 1
    for words in (
        "lacks the right UPDATE(onboarding_status) on the table users",
        "lacks the right INSERT on the table user_summaries",
        "lacks the right SELECT on the table matches",
        "may not create tables in the schema public",
    ):
        assert words in answer.stderr
    assert "lacks the right SELECT on the table users" not in answer.stderr
    assert _shape(theirs) == before


def test_no_name_of_ours_is_taken_there() -> None:
    ours = {table.name for table in dictionary.tables_of(BACKEND) if table.owner == "ours"}
    assert not ours & (TAKEN | {"roles"})
