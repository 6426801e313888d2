"""The guard refuses whatever reaches, or could reach, for the other database."""

from __future__ import annotations

import pytest

from app.databases.errors import StatementRefusedError, UndeclaredError, WrongDatabaseError
from app.databases.guard import Guard
from app.databases.names import Database

HIDDEN = (
    "SELECT * FROM users",
    "SELECT 'users'::regclass",
    "SELECT regclass 'users'",
    "SELECT CAST('users' AS regclass)",
    "SELECT 'users'::regclass::oid",
    "SELECT 'Users '::regclass",
    r"""SELECT '"users"'::regclass""",
    "SELECT 'public.users'::pg_catalog.regclass",
    "SELECT '{users}'::regclass[]",
    "SELECT 'users'::regtype::oid",
    "SELECT $1::regclass",
    "SELECT ('us' || 'ers')::regclass",
    "SELECT nextval('outbox_id_seq')",
    "SELECT nextval('public.outbox_id_seq'::regclass)",
    "SELECT pg_catalog.nextval('outbox_id_seq')",
    "SELECT setval('outbox_id_seq', 1)",
    "SELECT last_value FROM outbox_id_seq",
    "NOTIFY reciprocity_backend",
    "LISTEN reciprocity_backend",
    "UNLISTEN reciprocity_backend",
    "SELECT pg_notify('reciprocity_backend', '')",
    "SELECT pg_notify($1, '')",
    "SELECT pg_advisory_lock(7302, 0)",
    "SELECT pg_advisory_xact_lock(7304, 1)",
    "SELECT pg_try_advisory_lock_shared(7302, 1)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_advisory_unlock_all()",
    "DO $$ BEGIN PERFORM 1 FROM users; END $$",
    "EXECUTE x",
    "PREPARE x AS SELECT * FROM users",
    "PREPARE x AS EXECUTE y",
    "EXPLAIN SELECT * FROM users",
    "EXPLAIN ANALYZE EXECUTE x",
    "EXPLAIN DELETE FROM users",
    "DECLARE c CURSOR FOR SELECT * FROM users",
    "COPY users TO STDOUT",
    "COPY users FROM STDIN",
    "COPY (SELECT * FROM users) TO STDOUT",
    "COPY (DELETE FROM users RETURNING id) TO STDOUT",
    "COPY embeddings TO '/tmp/x'",
    "COPY embeddings FROM PROGRAM 'cat'",
    "MERGE INTO users USING embeddings ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO embeddings e USING users ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE users",
    "TRUNCATE embeddings, users",
    "LOCK TABLE users",
    "LOCK users, embeddings",
    "SELECT 1; DELETE FROM users",
    "SELECT 1; ; SELECT 2 FROM ONLY users",
    "TABLE users",
    'SELECT * FROM "users"',
    "SELECT * FROM USERS",
    "SELECT * FROM public.users",
    "SELECT * FROM evil.embeddings",
    "SELECT * FROM pg_temp.embeddings",
    "SELECT * FROM reciprocity_db.public.users",
    r'SELECT * FROM u&"\0075sers"',
    r"""SELECT * FROM U&"!0075sers" UESCAPE '!'""",
    "SELECT * FROM /* embeddings */ users",
    "WITH x AS (SELECT * FROM users) SELECT 1",
    "WITH users AS (SELECT 1) SELECT * FROM users",
    "WITH embeddings AS (SELECT 1) SELECT * FROM embeddings",
    "WITH x AS (DELETE FROM users RETURNING *) SELECT 1",
    "WITH x AS (SELECT 1), y AS (SELECT * FROM users) SELECT 1 FROM y",
    "WITH strange AS (SELECT 1) DELETE FROM strange",
    "WITH strange AS (SELECT 1) INSERT INTO strange VALUES (1)",
    "WITH strange AS (SELECT 1) UPDATE strange SET a = 1",
    "WITH strange AS (SELECT 1) MERGE INTO strange USING embeddings ON true WHEN MATCHED THEN DELETE",
    "WITH a AS (WITH strange AS (SELECT 1) SELECT 1) SELECT * FROM strange",
    "SELECT (WITH strange AS (SELECT 1) SELECT 1), (SELECT 1 FROM strange)",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT 1 FROM a",
    "UPDATE pg_settings SET setting = 'evil' WHERE name = 'search_path'",
    "DELETE FROM pg_class",
    "INSERT INTO pg_enum VALUES (1)",
    "COPY pg_class FROM STDIN",
    "SELECT * INTO users FROM embeddings",
    "SELECT * INTO embeddings FROM embeddings",
    "CREATE TABLE embeddings AS SELECT 1",
    "CREATE TABLE users (a int)",
    "CREATE TEMP TABLE users (a int)",
    "DROP TABLE users",
    "ALTER TABLE users ADD a int",
    "SET search_path = evil",
    "SET LOCAL search_path = evil",
    "SET SESSION AUTHORIZATION x",
    "SET ROLE x",
    "RESET ALL",
    "RESET search_path",
    "RESET ROLE",
    "DISCARD ALL",
    "SET client_encoding = 'SJIS'",
    "SET NAMES 'GBK'",
    "SET standard_conforming_strings = off",
    "SET TRANSACTION SNAPSHOT 'x'",
    "SELECT set_config('search_path', 'evil', false)",
    "SELECT set_config($1, 'evil', false)",
    "ALTER SYSTEM SET x = 1",
    "ALTER ROLE x SET search_path = evil",
    "ALTER DATABASE x SET search_path = evil",
    "SECURITY LABEL ON TABLE embeddings IS 'x'",
    "PREPARE TRANSACTION 'x'",
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
    "LOAD 'x'",
    "CALL x()",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_get(1)",
    "SELECT pg_read_file('x')",
    "SELECT pg_ls_dir('x')",
    "SELECT * FROM dblink('x', 'SELECT 1') AS t (a int)",
    "SELECT query_to_xml('SELECT * FROM users', true, true, '')",
    "SELECT table_to_xml('users', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT ts_stat('SELECT 1')",
    "SELECT pg_get_viewdef('users')",
    "SELECT pg_get_serial_sequence('users', 'id')",
    "SELECT has_table_privilege('users', 'select')",
    "SELECT has_table_privilege('x', 'users', 'select')",
    "SELECT has_column_privilege('users', 'id', 'select')",
    "SELECT to_regclass('users')",
    "SELECT to_regclass($1)",
    "SELECT to_regtype('users')",
    "SELECT pg_relation_size('users')",
    "SELECT pg_total_relation_size($1)",
    "SELECT NULL::users",
    "SELECT NULL::public.users[]",
    "SELECT '{}'::_users",
    "SELECT ROW(1)::users",
    "SELECT jsonb_populate_record(NULL::users, '{}')",
    "SELECT * FROM json_to_record('{}') AS t (a users)",
    "SELECT 'draft'::user_summaries_status_enum",
    "SELECT users.id FROM embeddings",
    "SELECT users.* FROM embeddings",
    "SELECT public.users.id FROM embeddings",
    "SELECT 1 FROM embeddings ORDER BY users.id",
    "SELECT * FROM embeddings e WHERE EXISTS (SELECT 1 FROM users)",
    "SELECT * FROM embeddings e JOIN LATERAL (SELECT * FROM users) u ON true",
    "SELECT * FROM ROWS FROM (evil(1))",
    "SELECT ARRAY(SELECT id FROM users)",
    "SELECT 1 FROM embeddings LIMIT (SELECT 1 FROM users)",
    "INSERT INTO embeddings SELECT * FROM users",
    "INSERT INTO embeddings VALUES ((SELECT id FROM users))",
    "INSERT INTO embeddings VALUES (1) ON CONFLICT DO NOTHING RETURNING (SELECT 1 FROM users)",
    "UPDATE embeddings SET a = 1 FROM users",
    "DELETE FROM embeddings USING users",
    "SELECT * FROM embeddings TABLESAMPLE evil(1)",
    "SELECT 1 OPERATOR(evil.+) 2",
    "SELECT 1 FROM embeddings ORDER BY a USING OPERATOR(evil.<)",
    "SELECT 1 OPERATOR(evil.=) ANY (SELECT 1)",
    "SELECT evil.lower('x')",
    "SELECT public.lower('x')",
    "SELECT strange('x')",
    "SELECT pg_sleep(1)",
    "SELECT 'x'::evil.vector",
    "SELECT 'x'::strange",
    "SELECT xmlparse(document '<a/>')",
    "SELECT * FROM xmltable('/a' PASSING '<a/>' COLUMNS b text)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM users'",
    "CREATE TRIGGER t BEFORE INSERT ON embeddings EXECUTE FUNCTION f()",
    "CREATE RULE r AS ON SELECT TO embeddings DO INSTEAD SELECT 1",
    "GRANT SELECT ON users TO x",
    "REFRESH MATERIALIZED VIEW x",
    "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c",
    "CREATE EXTENSION dblink",
    "CLUSTER embeddings",
    "CHECKPOINT",
    "VACUUM",
    "VACUUM users",
    "REINDEX TABLE users",
    "ANALYZE users",
    r"SELECT E'a\000'",
    "this is not sql",
    "SELECT reltuples FROM pg_class WHERE relname = 'users'",
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'users'",
)
SHAPES = (
    "CREATE TABLE users (a int)",
    "CREATE TABLE x (a int)",
    "CREATE TABLE embeddings (a int REFERENCES users)",
    "CREATE TABLE embeddings (LIKE users)",
    "CREATE TABLE embeddings () INHERITS (users)",
    "CREATE TABLE embeddings OF users",
    "CREATE TABLE embeddings PARTITION OF users DEFAULT",
    "CREATE TABLE embeddings AS SELECT * FROM users",
    "CREATE TABLE embeddings AS EXECUTE x",
    "CREATE TABLE embeddings (a users)",
    "CREATE TABLE embeddings (a int DEFAULT nextval('outbox_id_seq'))",
    "CREATE TABLE embeddings (a int DEFAULT evil())",
    "CREATE TABLE embeddings (a int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME outbox_id_seq))",
    "CREATE INDEX ON users (id)",
    "CREATE INDEX i ON embeddings (a) WHERE EXISTS (SELECT 1 FROM users)",
    "DROP TABLE users",
    "DROP TABLE IF EXISTS public.users",
    "DROP TABLE evil.embeddings",
    "DROP TABLE embeddings, users",
    "DROP INDEX users_email_key",
    "DROP INDEX IF EXISTS public.matches_user_b_id_idx",
    "DROP INDEX evil.embeddings_user_id_idx",
    "DROP SEQUENCE outbox_id_seq",
    "DROP TYPE users_onboarding_status_enum",
    "DROP EXTENSION dblink",
    "DROP VIEW x",
    "DROP SCHEMA public",
    "DROP FUNCTION f",
    "DROP OWNED BY x",
    "COMMENT ON TABLE users IS 'x'",
    "COMMENT ON COLUMN users.id IS 'x'",
    "COMMENT ON COLUMN public.users.id IS 'x'",
    "COMMENT ON INDEX users_email_key IS 'x'",
    "COMMENT ON TYPE users_onboarding_status_enum IS 'x'",
    "COMMENT ON CONSTRAINT c ON users IS 'x'",
    "COMMENT ON DATABASE x IS 'x'",
    "COMMENT ON FUNCTION f() IS 'x'",
    "COMMENT ON SEQUENCE outbox_id_seq IS 'x'",
    "ALTER TABLE users RENAME TO embeddings",
    "ALTER TABLE embeddings RENAME TO users",
    "ALTER TABLE embeddings RENAME TO strange",
    "ALTER TABLE users RENAME COLUMN a TO b",
    "ALTER TABLE users RENAME CONSTRAINT a TO b",
    "ALTER INDEX users_email_key RENAME TO x",
    "ALTER INDEX embeddings_user_id_idx RENAME TO users_email_key",
    "ALTER INDEX users_email_key SET (fillfactor = 10)",
    "ALTER TYPE users_onboarding_status_enum RENAME TO x",
    "ALTER TYPE users_onboarding_status_enum ADD VALUE 'x'",
    "ALTER TYPE users_onboarding_status_enum RENAME VALUE 'x' TO 'y'",
    "ALTER SEQUENCE outbox_id_seq RESTART",
    "ALTER SEQUENCE outbox_id_seq OWNED BY users.id",
    "CREATE SEQUENCE outbox_id_seq",
    "CREATE SEQUENCE strange",
    "ALTER TABLE embeddings ADD FOREIGN KEY (a) REFERENCES users",
    "ALTER TABLE embeddings OWNER TO x",
    "ALTER TABLE embeddings ADD a users",
    "ALTER TABLE embeddings SET SCHEMA evil",
    "ALTER TABLE embeddings ATTACH PARTITION users DEFAULT",
    "ALTER TABLE embeddings INHERIT users",
    "ALTER TABLE embeddings ADD EXCLUDE USING gist (a WITH OPERATOR(evil.=))",
    "ALTER DOMAIN d ADD CHECK (true)",
    "REINDEX INDEX users_email_key",
    "REINDEX TABLE users",
    "VACUUM users",
    "ANALYZE users",
    "ANALYZE embeddings, users",
    "CREATE EXTENSION dblink",
    "CREATE TYPE users_onboarding_status_enum AS ENUM ('a')",
    "CREATE TYPE strange AS ENUM ('a')",
    "CREATE TYPE t AS (a int)",
    "CREATE SCHEMA users",
    "CREATE VIEW users AS SELECT 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER t BEFORE INSERT ON embeddings EXECUTE FUNCTION f()",
    "ALTER TABLE embeddings ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON embeddings USING (true)",
    "CREATE POLICY p ON users USING (true)",
    "CREATE FOREIGN TABLE users (a int) SERVER s",
    "CREATE STATISTICS s ON a, b FROM users",
    "CREATE PUBLICATION p FOR TABLE users",
)


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(Database.AI)


@pytest.mark.parametrize("text", HIDDEN)
def test_the_ai_connection_refuses_what_hides_a_name_of_the_backend_or_an_unknown_one(
    guard: Guard, text: str
) -> None:
    with pytest.raises(WrongDatabaseError):
        guard.check(text.encode())


@pytest.mark.parametrize("text", SHAPES)
def test_even_a_migration_of_the_ai_database_cannot_shape_the_backend(text: str) -> None:
    with pytest.raises(WrongDatabaseError):
        Guard(Database.AI, ddl=True).check(text.encode())


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("UPDATE users SET onboarding_status = $1", "table", "users"),
        ("SELECT 'users'::regclass", "table", "users"),
        ("SELECT NULL::users", "table", "users"),
        ("SELECT has_table_privilege('users', 'select')", "table", "users"),
        ("SELECT nextval('outbox_id_seq')", "sequence", "outbox_id_seq"),
        ("SELECT 1 FROM pg_class WHERE relname = 'users'", "table", "users"),
        ("NOTIFY reciprocity_backend", "channel", "reciprocity_backend"),
        ("SELECT pg_advisory_lock(7304, 0)", "advisory lock", "7304"),
        ("SELECT 'draft'::matches_decision_enum", "type", "matches_decision_enum"),
    ],
)
def test_the_error_names_the_thing_both_databases_and_the_method_to_use(
    guard: Guard, text: str, kind: str, name: str
) -> None:
    with pytest.raises(WrongDatabaseError) as raised:
        guard.check(text.encode())
    assert type(raised.value) is WrongDatabaseError
    assert str(raised.value) == (
        f"The {kind} {name} lives in the backend database (reciprocity_db), and this connection"
        " reaches the ai database (reciprocity_ai). Use get_backend_connection()."
    )


def test_the_backend_connection_is_told_to_use_the_other_method_for_vectors() -> None:
    with pytest.raises(WrongDatabaseError, match=r"table embeddings .* Use get_connection\(\)\.$"):
        Guard(Database.BACKEND).check(b"DELETE FROM embeddings")
    with pytest.raises(WrongDatabaseError, match="operator <=> lives in the ai database"):
        Guard(Database.BACKEND).check(b"SELECT $1 <=> $2")
    with pytest.raises(WrongDatabaseError, match="extension vector lives in the ai database"):
        Guard(Database.BACKEND).check(b"SELECT 1 FROM pg_extension WHERE extname = 'vector'")


def test_a_name_that_nobody_declared_is_refused_with_the_nearest_one_that_is(guard: Guard) -> None:
    with pytest.raises(UndeclaredError, match="Did you mean embeddings"):
        guard.check(b"SELECT 1 FROM embedings")


def test_a_shape_is_changed_by_a_migration_and_nowhere_else(guard: Guard) -> None:
    with pytest.raises(StatementRefusedError, match="migrations/ai"):
        guard.check(b"ALTER TABLE embeddings ADD note text")
    Guard(Database.AI, ddl=True).check(b"ALTER TABLE embeddings ADD note text")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"SELECT 1\0 FROM users", "NUL"),
        (b"SELECT '\xff'", "UTF-8"),
        (b"SELECT " + b"+".join([b"1"] * 200), "nested too deeply"),
        (b"SELECT " + b"(" * 20_000 + b"1", "grammar does not accept"),
        (b"SELEKT 1", "grammar does not accept"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_in_words(
    guard: Guard, text: bytes, why: str
) -> None:
    with pytest.raises(StatementRefusedError, match=why):
        guard.check(text)


def test_a_refused_text_is_refused_again() -> None:
    guard = Guard(Database.AI)
    for _ in range(2):
        with pytest.raises(WrongDatabaseError):
            guard.check(b"SELECT 1 FROM users")


def test_a_text_that_passed_the_other_guard_is_judged_anew() -> None:
    Guard(Database.BACKEND).check(b"SELECT 1 FROM users")
    with pytest.raises(WrongDatabaseError):
        Guard(Database.AI).check(b"SELECT 1 FROM users")


def test_only_so_many_texts_are_remembered_and_none_that_is_mostly_values(guard: Guard) -> None:
    for number in range(5_000):
        guard.check(b"SELECT %d" % number)
    guard.check(b"SELECT '" + b"x" * 20_000 + b"'")
    assert len(guard._passed) == 4096
    assert max(len(text) for text in guard._passed) < 100
