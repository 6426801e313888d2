"""Projects with one planted fault each, and projects that are right: what the linter is held to.

A planted line ends with the comment `FAULT`, the code of its rule behind it.
"""

from __future__ import annotations

from typing import Final

ADAPTER: Final = '''
class PostgreSQLAdapter:
    def get_connection(self):
        """AI database (port 5433) - for embeddings"""
        return psycopg2.connect(self.database_url)

    def get_backend_connection(self):
        """Backend database (port 5432) - for users/matches"""
        return psycopg2.connect(self.backend_database_url)
'''

# The first incident, as its report tells it, and its relatives.
PYTHON_FAULTS: Final = {
    "the onboarding incident": ADAPTER
    + """
    def update_user_onboarding_status(self, user_id, status):
        conn = self.get_connection()  # AI DB
        cursor = conn.cursor()
        cursor.execute(  # FAULT RDB001
            "UPDATE users SET onboarding_status = %s WHERE id = %s", (status, user_id)
        )
        conn.commit()
""",
    "the onboarding incident in two lines": """
conn = self.get_connection()  # AI DB
cursor.execute("UPDATE users SET onboarding_status = 'completed'")  # FAULT RDB001
""",
    "a summary on the AI database": """
def create_user_summary(adapter, user_id, text):
    with adapter.get_connection() as conn:
        with conn.cursor() as cur:
            cur.execute("INSERT INTO user_summaries VALUES (%s, %s)", (user_id, text))  # FAULT RDB001
""",
    "valid ids asked of the AI database": """
class Repository:
    def __init__(self, adapter):
        self.conn = adapter.get_connection()
    def get_valid_user_ids(self, ids):
        cur = self.conn.cursor()
        cur.execute("SELECT id FROM users WHERE id = ANY(%s)", (ids,))  # FAULT RDB001
        return [row[0] for row in cur.fetchall()]
""",
    "embeddings on the backend database": """
def nearest(adapter, vector):
    conn = adapter.get_backend_connection()
    return conn.execute("SELECT 1 FROM embeddings ORDER BY embedding <=> %s", (vector,))  # FAULT RDB001
""",
    "a join over both": """
def listed(adapter):
    with adapter.get_backend_connection() as conn, conn.cursor() as cur:
        cur.execute("SELECT 1 FROM users u JOIN embeddings e ON e.user_id = u.id")  # FAULT RDB001
""",
    "hidden in a WITH": """
def f(ai):
    ai.execute("WITH chosen AS (SELECT id FROM users) SELECT * FROM chosen")  # FAULT RDB001
""",
    "hidden in a subquery of a DELETE": """
def f(ai):
    ai.execute("DELETE FROM embeddings WHERE user_id NOT IN (SELECT id FROM users)")  # FAULT RDB001
""",
    "COPY": """
def f(backend):
    with backend.cursor() as cur, cur.copy("COPY embeddings FROM STDIN") as copy:  # FAULT RDB001
        copy.write_row(())
""",
    "copy_expert and execute_values": """
def f(adapter, rows, file):
    cur = adapter.get_connection().cursor()
    cur.copy_expert("COPY users TO STDOUT", file)  # FAULT RDB001
    execute_values(cur, "INSERT INTO matches VALUES %s", rows)  # FAULT RDB001
""",
    "TRUNCATE": """
def f(ai):
    ai.execute("TRUNCATE messages")  # FAULT RDB001
""",
    "a schema and quotes": """
def f(ai):
    ai.execute('SELECT 1 FROM "public"."users"')  # FAULT RDB001
""",
    "a cast to regclass": """
def f(ai):
    ai.execute("SELECT 'users'::regclass")  # FAULT RDB001
""",
    "an f-string with an unknown column": """
def f(ai, column):
    ai.execute(f"SELECT {column} FROM users")  # FAULT RDB001
""",
    "an f-string that no grammar accepts": """
def f(ai, rest):
    ai.execute(f"SELECT id FROM users WHERE )( {rest}")  # FAULT RDB001
""",
    "a composed text": """
def f(ai, column):
    names = {"column": sql.Identifier(column), "table": sql.Identifier("users")}
    ai.execute(sql.SQL("SELECT {column} FROM {table}").format(**names))  # FAULT RDB001
""",
    "a table named by a constant": """
TABLE = "users"
def f(ai):
    ai.execute("SELECT count(*) FROM " + TABLE)  # FAULT RDB001
""",
    "SQLAlchemy": """
from sqlalchemy import text
def f(ai_session):
    ai_session.execute(text("UPDATE users SET is_active = :active"), {"active": True})  # FAULT RDB001
""",
    "many rows": """
def f(ai_cursor, rows):
    ai_cursor.executemany("INSERT INTO match_feedback VALUES (%s, %s)", rows)  # FAULT RDB001
""",
    "a helper with the connection inside": """
class Store:
    def _run(self, query, parameters=()):
        with self.get_connection() as conn, conn.cursor() as cur:
            cur.execute(query, parameters)
    def rename(self, name):
        self._run("UPDATE users SET first_name = %s", (name,))  # FAULT RDB001
""",
    "a helper that is given the wrong connection": """
def rename(conn, name):
    conn.execute("UPDATE users SET first_name = %s", (name,))
def f(adapter):
    rename(adapter.get_connection(), "x")  # FAULT RDB001
""",
    "a typed helper that is given the wrong connection": """
def rename(backend: BackendConnection, name):
    backend.execute("UPDATE users SET first_name = %s", (name,))
def f(adapter):
    with adapter.ai() as conn:
        rename(conn, "x")  # FAULT RDB001
""",
    "one branch of two": """
def f(adapter, old):
    if old:
        conn = adapter.get_connection()
    else:
        conn = adapter.get_backend_connection()
    conn.execute("SELECT 1 FROM users")  # FAULT RDB001
""",
    "the second statement of a text": """
def f(ai):
    ai.execute("DELETE FROM embeddings; DELETE FROM users")  # FAULT RDB001
""",
    "a loop over tables": """
def f(ai):
    for table in ("embeddings", "messages"):
        ai.execute(f"DELETE FROM {table}")  # FAULT RDB001
""",
    "an asynchronous service": """
class Service:
    async def f(self):
        async with self.db.get_connection() as conn:
            await conn.execute("SELECT 1 FROM matches")  # FAULT RDB001
""",
    "a vector type on the backend database": """
def f(backend):
    backend.execute("SELECT %s::vector", (v,))  # FAULT RDB001
""",
    "a connect beside the adapter": """
import os, psycopg2
def f():
    return psycopg2.connect(os.environ["DATABASE_URL"])  # FAULT RDB002
""",
    "a connect under another name": """
from psycopg import connect as open_database
db = open_database("postgresql://somewhere/else")  # FAULT RDB002
""",
    "an engine with an address": """
from sqlalchemy import create_engine
engine = create_engine(settings.url)  # FAULT RDB002
""",
    "a pool beside the adapter": """
from psycopg_pool import ConnectionPool  # FAULT RDB002
""",
    "a connect and the wrong table": """
import os, psycopg2
conn = psycopg2.connect(os.environ["RECIPROCITY_BACKEND_DB_URL"])  # FAULT RDB002
conn.cursor().execute("DELETE FROM embeddings")  # FAULT RDB001
""",
    "methods that open each other's address": """
class PostgreSQLAdapter:
    def get_connection(self):
        return driver.connect(self.backend_database_url)  # FAULT RDB004
    def get_backend_connection(self):
        return driver.connect(self.database_url)  # FAULT RDB004
""",
    "a file of another language": "print 'hello'  # FAULT RDB006\n",
}

PYTHON_RIGHT: Final = {
    "the document's remedy": ADAPTER
    + """
    def update_user_onboarding_status(self, user_id, status):
        conn = self.get_backend_connection()  # Backend DB
        cursor = conn.cursor()
        cursor.execute("UPDATE users SET onboarding_status = %s WHERE id = %s", (status, user_id))
""",
    "one after the other": """
def f(adapter):
    conn = adapter.get_backend_connection()
    ids = conn.execute("SELECT id FROM users").fetchall()
    conn = adapter.get_connection()
    conn.execute("DELETE FROM embeddings WHERE NOT user_id = ANY(%s)", (ids,))
""",
    "both at hand": """
def f(adapter):
    ai_conn, backend_conn = adapter.get_connection(), adapter.get_backend_connection()
    ai_conn.execute("SELECT 1 FROM embeddings")
    backend_conn.execute("SELECT 1 FROM users")
""",
    "a branch that chooses both": """
def f(adapter, vectors):
    if vectors:
        conn, query = adapter.get_connection(), "SELECT count(*) FROM embeddings"
    else:
        conn, query = adapter.get_backend_connection(), "SELECT count(*) FROM users"
    return conn.execute(query)
""",
    "names inside a text": """
def f(ai):
    ai.execute("SELECT 'users' AS users, 1 AS matches FROM embeddings")
""",
    "a query named like nothing": """
def f(ai):
    ai.execute("WITH chosen AS (SELECT user_id FROM embeddings) SELECT * FROM chosen")
""",
    "a column named like a table": """
def f(ai):
    ai.execute("SELECT e.messages FROM embeddings e WHERE e.users > 3")
""",
    "tables nobody listed": """
def f(ai, backend):
    ai.execute("SELECT 1 FROM orders")
    backend.execute("SELECT 1 FROM orders")
""",
    "statements of both": """
def f(adapter):
    for conn in (adapter.get_connection(), adapter.get_backend_connection()):
        conn.execute("SELECT 1")
        conn.execute("SELECT count(*) FROM pg_stat_activity")
""",
    "other things that execute": """
import redis
pool = redis.ConnectionPool()
executor.execute("update users")
shutil.copy("users", "embeddings")
client.stream("GET", "/users")
signal.connect(handler)
""",
    "a line that is allowed": """
import psycopg2
conn = psycopg2.connect(url)  # reciprocity: allow RDB002 (a third database)
""",
}
