"""Create the databases and roles of the two servers, by PostgreSQL's own `psql`.

The project opens its connections in one module only, and these statements are needed before that
module can connect.
"""

from __future__ import annotations

import os
import subprocess

from app.embedded.errors import ProvisioningError
from app.embedded.ports import LOOPBACK
from app.embedded.postgres import PostgresServer

BACKEND_SUPERUSER = "postgres"
BACKEND_PASSWORD = "postgres"  # noqa: S105 - the documented password of a server on loopback
BACKEND_DATABASE = "reciprocity_db"
AI_SUPERUSER = "reciprocity_admin"
AI_USER = "reciprocity_user"
AI_PASSWORD = "reciprocity_pass"  # noqa: S105 - the documented password of a server on loopback
AI_DATABASE = "reciprocity_ai"

# Every statement can be repeated, so a first start that was interrupted is finished by the next.
_BACKEND_SQL = """
SELECT 'CREATE DATABASE reciprocity_db'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'reciprocity_db') \\gexec
REVOKE CONNECT ON DATABASE reciprocity_db, postgres, template1 FROM PUBLIC;
"""
_AI_SQL = """
SELECT 'CREATE ROLE reciprocity_user LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '
       || quote_literal('reciprocity_pass')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reciprocity_user') \\gexec
SELECT 'CREATE DATABASE reciprocity_ai OWNER reciprocity_user'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'reciprocity_ai') \\gexec
REVOKE CONNECT ON DATABASE reciprocity_ai, postgres, template1 FROM PUBLIC;
\\connect reciprocity_ai
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
"""


def provision(server: PostgresServer, sql: str, database: str = "postgres") -> str:
    r"""Run SQL as the server's superuser, stop at the first error, and return unaligned rows.

    psql's own commands such as `\connect` and `\gexec` work. Neither the SQL nor the password
    stands in the process list or in the server's log. Raises ProvisioningError.
    """
    command = [
        *(str(server.binaries.program("psql")), "--no-psqlrc", "--quiet", "--no-password"),
        *("--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"),
        *(f"--host={LOOPBACK}", f"--port={server.port}"),
        *(f"--username={server.superuser}", f"--dbname={database}"),
    ]
    answer = subprocess.run(
        command,
        input=sql,
        env=client_environment(server.password, quiet_log=True),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise ProvisioningError(
            f"The {server.name} server on port {server.port} refused what was asked of it as "
            f"{server.superuser}: {answer.stderr.strip()}. If that role's password was changed, "
            f"set it back; the server's log is {server.log}."
        )
    return answer.stdout.strip()


def client_environment(password: str, *, quiet_log: bool = False) -> dict[str, str]:
    """Return an environment for psql in which no PG* variable of the caller has a say."""
    environment = without_driver_variables(dict(os.environ))
    environment |= {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10", "PGGSSENCMODE": "disable"}
    if quiet_log:
        # A refused CREATE ROLE would otherwise stand in the log with its password.
        settings = ("log_statement=none", "log_min_error_statement=panic", "log_duration=off")
        options = [*settings, "log_min_duration_statement=-1"]
        environment["PGOPTIONS"] = " ".join(f"-c {option}" for option in options)
    return environment


def without_driver_variables(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment without PGHOST and the like, which would choose another server."""
    return {key: value for key, value in environment.items() if not key.startswith("PG")}


def provision_backend(server: PostgresServer) -> None:
    """Create the backend database on the backend server."""
    provision(server, _BACKEND_SQL)


def provision_ai(server: PostgresServer) -> None:
    """Create the AI role, its database and the vector extension on the AI server."""
    provision(server, _AI_SQL)
