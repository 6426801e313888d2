"""The guard lets pass what stays in its own database: refusing everything would prove nothing."""

from __future__ import annotations

import pytest

from app.databases import dictionary
from app.databases.errors import WrongDatabaseError
from app.databases.guard import Guard
from app.databases.names import Database

OWN = (
    "SELECT e.user_id FROM embeddings e",
    "SELECT embeddings.user_id FROM embeddings",
    "SELECT 1",
    "SELECT users.a FROM embeddings AS users",
    "WITH x AS (SELECT 1 AS a) SELECT x.a FROM x",
    "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x WHERE a < 3) SELECT * FROM x",
    (
        "INSERT INTO embeddings AS e (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = excluded.a"
        " RETURNING old.a, new.a, e.a"
    ),
    "SELECT * FROM embeddings e FOR UPDATE OF e SKIP LOCKED",
    "SELECT 'embeddings'::regclass",
    "SELECT pg_advisory_lock(7301, 0)",
    "SELECT pg_advisory_lock(7303, 0)",
    (
        "SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b ORDER BY c DESC NULLS LAST)"
        " FROM embeddings WINDOW w AS (ORDER BY a)"
    ),
    (
        "SELECT CASE WHEN a BETWEEN 1 AND 2 THEN 'x' ELSE coalesce(b, 'y') END, a::text[], ARRAY[1,2]"
        " FROM embeddings"
    ),
    "SELECT ROW(1,2), (x).y, x[1:2] FROM embeddings",
    "SELECT NULL::embeddings",
    "COPY embeddings (a, b) FROM STDIN (FORMAT binary)",
    "COPY (SELECT * FROM embeddings) TO STDOUT WITH (FORMAT csv, HEADER)",
    "EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT 1 FROM embeddings",
    "SET LOCAL hnsw.ef_search = 100",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
    "SAVEPOINT x",
    "ROLLBACK TO x",
    "TRUNCATE embeddings",
    "SELECT json_object('a': 1), json_array(1, 2), json_objectagg('a': 1), json_arrayagg(1)",
    "SELECT extract(epoch FROM now()), position('a' IN 'b'), substring('a' FROM 1 FOR 2)",
    "SELECT trim(both ' ' from 'x'), current_timestamp, interval '1 day', date '2020-01-01'",
    "SELECT c.oid::regtype FROM pg_type c",
    "SELECT unnest.x FROM unnest(ARRAY[1]) AS unnest (x)",
    "SELECT a FROM embeddings GROUP BY GROUPING SETS ((a), ()) HAVING count(*) > 1",
    (
        "MERGE INTO embeddings e USING (VALUES (1)) v (a) ON e.a = v.a"
        " WHEN MATCHED THEN UPDATE SET a = 2 WHEN NOT MATCHED THEN INSERT VALUES (1)"
    ),
    "UPDATE embeddings SET (a, b) = (SELECT 1, 2), c = DEFAULT",
    "SELECT embedding <=> $1, l2_distance(a, b) FROM embeddings ORDER BY embedding <=> $1::vector LIMIT $2",
    "FETCH FORWARD 10 FROM c",
    "CLOSE c",
)
MIGRATIONS = (
    "CREATE TABLE embeddings (a serial PRIMARY KEY, b uuid REFERENCES member_vectors, c vector(3))",
    "CREATE TABLE embedding_models AS SELECT * FROM embeddings",
    "CREATE UNIQUE INDEX ON embeddings USING hnsw ((b::halfvec(3)) halfvec_ip_ops) WITH (m = 4)",
    "ALTER TABLE embeddings ADD c text DEFAULT lower('A'), DROP d, ALTER e TYPE int USING e::int",
    "ALTER TABLE embeddings RENAME COLUMN a TO b",
    "ALTER TABLE embedding_models RENAME TO embeddings",
    "ALTER INDEX embeddings_user_id_idx RENAME TO embeddings_owner_idx",
    "DROP INDEX IF EXISTS embeddings_user_id_idx, couples_minilm_hnsw",
    "DROP TABLE embeddings, member_vectors CASCADE",
    "COMMENT ON COLUMN embeddings.user_id IS 'whose'",
    "COMMENT ON TABLE embeddings IS 'vectors'",
    "VACUUM (ANALYZE) embeddings",
    "REINDEX INDEX CONCURRENTLY embeddings_user_id_idx",
    "CREATE EXTENSION IF NOT EXISTS vector",
)


@pytest.mark.parametrize("text", OWN)
def test_the_ai_connection_passes_what_is_its_own(text: str) -> None:
    Guard(Database.AI).check(text.encode())


@pytest.mark.parametrize("text", MIGRATIONS)
def test_a_migration_of_the_ai_database_shapes_its_own(text: str) -> None:
    Guard(Database.AI, ddl=True).check(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT nextval('outbox_id_seq'), currval('public.outbox_id_seq')",
        "SELECT last_value FROM outbox_id_seq",
        "NOTIFY reciprocity_backend, 'x'",
        "LISTEN reciprocity_backend",
        "SELECT pg_advisory_xact_lock(7304, 0)",
        "SELECT 'pending'::matches_decision_enum",
        "SELECT users FROM users",
        "LOCK TABLE users IN SHARE MODE",
    ],
)
def test_the_backend_connection_passes_what_is_its_own(text: str) -> None:
    Guard(Database.BACKEND).check(text.encode())


def test_a_migration_of_the_backend_may_make_its_sequence_and_types() -> None:
    guard = Guard(Database.BACKEND, ddl=True)
    guard.check(b"CREATE SEQUENCE outbox_id_seq OWNED BY outbox.id")
    guard.check(b"ALTER TYPE matches_decision_enum ADD VALUE 'later'")
    guard.check(b"DROP TYPE matches_decision_enum")
    guard.check(b"ALTER TYPE matches_decision_enum RENAME TO users_onboarding_status_enum")


@pytest.mark.parametrize("database", Database)
def test_each_table_passes_on_its_own_connection_and_on_no_other(database: Database) -> None:
    for table in dictionary.tables_of(database):
        text = f"TABLE {table.name}".encode()
        Guard(database).check(text)
        with pytest.raises(WrongDatabaseError):
            Guard(database.other).check(text)


@pytest.mark.parametrize("database", Database)
def test_what_belongs_to_neither_database_passes_on_both(database: Database) -> None:
    guard = Guard(database)
    for text in (b"", b"SELECT 1", b"SHOW server_version", b"SELECT now()", b"BEGIN", b"COMMIT"):
        guard.check(text)
    guard.check(b"SELECT relname FROM pg_catalog.pg_class c WHERE pg_table_is_visible(c.oid)")
    guard.check(b"SELECT column_name FROM information_schema.columns")
    guard.check(b"SELECT pg_try_advisory_xact_lock(7303, 1)")
