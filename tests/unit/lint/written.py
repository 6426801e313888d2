"""Ways to write a statement in Python, each with what the scanner has to make of it."""

from __future__ import annotations

from app.databases.names import Database

AI, BACKEND = {Database.AI}, {Database.BACKEND}
BOTH = AI | BACKEND

Expected = list[tuple[set[Database], str]]
WRITTEN: dict[str, tuple[str, Expected]] = {
    "a literal": (
        "adapter.get_connection().execute('SELECT 1')",
        [(AI, "SELECT 1")],
    ),
    "a cursor": (
        """
        conn = adapter.get_backend_connection()
        cur = conn.cursor()
        cur.execute('SELECT %s, %(x)s', (1,))
        """,
        [(BACKEND, "SELECT $1, $2")],
    ),
    "a repeated name is one parameter": (
        "def f(ai: AIConnection):\n ai.execute('SELECT %(a)s, %(b)s, %(a)s, 5 %% 2', {})",
        [(AI, "SELECT $1, $2, $1, 5 % 2")],
    ),
    "without parameters a percent sign is one": (
        "def f(ai: AIConnection):\n ai.execute(\"SELECT 'a%s'\")",
        [(AI, "SELECT 'a%s'")],
    ),
    "context managers": (
        """
        with adapter.ai() as c, c.cursor() as cur, cur.copy('COPY embeddings FROM STDIN') as copy:
            pass
        """,
        [(AI, "COPY embeddings FROM STDIN")],
    ),
    "a stream": (
        "def f(backend):\n for row in backend.cursor().stream('SELECT id FROM users'): pass",
        [(BACKEND, "SELECT id FROM users")],
    ),
    "many rows": (
        "def f(backend_conn):\n backend_conn.cursor().executemany('INSERT INTO users VALUES (%s)', r)",
        [(BACKEND, "INSERT INTO users VALUES ($1)")],
    ),
    "concatenation and constants": (
        """
        COLUMNS = 'id, ' 'email'
        QUERY = 'SELECT ' + COLUMNS + ' FROM users'
        def f(backend: "BackendConnection | None"):
            backend.execute(QUERY)
        """,
        [(BACKEND, "SELECT id, email FROM users")],
    ),
    "a constant of a class": (
        """
        class Users:
            QUERY = 'SELECT 1 FROM users'
            def __init__(self, adapter):
                self._connection = adapter.get_backend_connection()
            def one(self):
                return self._connection.cursor().execute(self.QUERY)
        def other(backend):
            backend.execute(Users.QUERY)
        """,
        [(BACKEND, "SELECT 1 FROM users"), (BACKEND, "SELECT 1 FROM users")],
    ),
    "a dictionary of statements": (
        """
        QUERIES = {'a': 'SELECT 1', 'b': 'SELECT 2'}
        def f(ai): ai.execute(QUERIES['b'])
        """,
        [(AI, "SELECT 2")],
    ),
    "a loop over constants": (
        """
        def f(ai):
            for verb, table in (('DROP', 'a'), ('TRUNCATE', 'b')):
                ai.execute(f'{verb} TABLE {table}')
        """,
        [(AI, "DROP TABLE a"), (AI, "TRUNCATE TABLE b")],
    ),
    "a comprehension": (
        "def f(ai):\n [ai.execute(f'DROP TABLE {t}') for t in ('a', 'b')]",
        [(AI, "DROP TABLE a"), (AI, "DROP TABLE b")],
    ),
    "a text that grows in a branch": (
        """
        def f(ai, narrow):
            text = 'SELECT 1'
            if narrow:
                text += ' WHERE false'
            ai.execute(text)
        """,
        [(AI, "SELECT 1"), (AI, "SELECT 1 WHERE false")],
    ),
    "joined, formatted and stripped": (
        """
        from textwrap import dedent
        def f(ai):
            ai.execute(' '.join(['SELECT', '1']))
            ai.execute('SELECT {} FROM {table}'.format('a', table='b'))
            ai.execute(dedent('SELECT 3').strip())
        """,
        [(AI, "SELECT 1"), (AI, "SELECT a FROM b"), (AI, "SELECT 3")],
    ),
    "psycopg's composition of known names": (
        """
        from psycopg import sql
        def f(ai):
            ai.execute(sql.SQL('SELECT {c} FROM {t}').format(c=sql.SQL('x'), t=sql.Identifier('y')))
        """,
        [(AI, 'SELECT x FROM "y"')],
    ),
    "psycopg2's helpers": (
        """
        def f(adapter):
            cur = adapter.get_backend_connection().cursor()
            execute_values(cur, 'INSERT INTO users VALUES %s', rows)
            cur.copy_expert('COPY users TO STDOUT', file)
        """,
        [(BACKEND, "INSERT INTO users VALUES $1"), (BACKEND, "COPY users TO STDOUT")],
    ),
    "SQLAlchemy's text": (
        """
        from sqlalchemy import text
        def f(backend_session):
            backend_session.execute(text("SELECT :id::int, '12:30', :name, :id"), {})
        """,
        [(BACKEND, "SELECT $1::int, '12:30', $2, $1")],
    ),
    "a helper that is given the text": (
        """
        class Store:
            def _all(self, query, parameters=()):
                with self.get_backend_connection() as conn:
                    return conn.cursor().execute(query, parameters).fetchall()
            def users(self):
                return self._all('SELECT id FROM users WHERE id = %s', (1,))
        """,
        [(BACKEND, "unknown"), (BACKEND, "SELECT id FROM users WHERE id = $1")],
    ),
    "a helper that is given the connection": (
        """
        def count(conn):
            return conn.execute('SELECT count(*) FROM users')
        def f(adapter):
            return count(adapter.get_backend_connection())
        """,
        [(set(), "SELECT count(*) FROM users"), (BACKEND, "SELECT count(*) FROM users")],
    ),
    "a context manager of their own": (
        """
        class Store:
            @contextmanager
            def cursor(self):
                conn = self.get_connection()
                try:
                    yield conn.cursor()
                finally:
                    conn.close()
            def f(self):
                with self.cursor() as cursor:
                    cursor.execute('SELECT 1 FROM embeddings')
        """,
        [(AI, "SELECT 1 FROM embeddings")],
    ),
    "a connection that may be either": (
        """
        def f(adapter, flag):
            conn = adapter.get_connection() if flag else adapter.get_backend_connection()
            conn.execute('SELECT 1')
        """,
        [(BOTH, "SELECT 1")],
    ),
    "both branches": (
        """
        def f(adapter, flag):
            if flag:
                conn = adapter.get_connection()
            else:
                conn = adapter.get_backend_connection()
            conn.execute('SELECT 1')
        """,
        [(BOTH, "SELECT 1")],
    ),
    "the type of both": (
        "def f(c: DatabaseConnection): c.execute('SELECT 1')",
        [(BOTH, "SELECT 1")],
    ),
    "a type asked for": (
        """
        def f(c: DatabaseConnection):
            if isinstance(c, AIConnection):
                c.execute('SELECT 1 FROM embeddings')
        """,
        [(AI, "SELECT 1 FROM embeddings")],
    ),
    "the name is overruled by the value": (
        "ai = adapter.get_backend_connection()\nai.execute('SELECT 1')",
        [(BACKEND, "SELECT 1")],
    ),
    "the last connection before a cursor of unknown origin": (
        """
        conn = self.get_connection()
        cursor.execute('SELECT 1')
        conn = self.get_backend_connection()
        cursor.execute('SELECT 2')
        """,
        [(AI, "SELECT 1"), (BACKEND, "SELECT 2")],
    ),
    "an asynchronous function": (
        """
        async def f(adapter):
            async with adapter.ai() as c:
                await c.execute('SELECT 1')
        """,
        [(AI, "SELECT 1")],
    ),
    "an object whose class is known": (
        """
        class Door:
            def opened(self) -> "Iterator[BackendConnection]": ...
            def other(self):
                return self.get_connection()
        def f(door: Door | None):
            with door.opened() as one:
                one.execute('SELECT 1')
            Door().other().cursor().execute('SELECT 2')
        """,
        [(BACKEND, "SELECT 1"), (AI, "SELECT 2")],
    ),
    "a function inside a function": (
        """
        def f(adapter):
            backend = adapter.get_backend_connection()
            def inner():
                return backend.execute('SELECT 1')
            return inner
        """,
        [(BACKEND, "SELECT 1")],
    ),
}
