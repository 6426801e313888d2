"""Start and stop one PostgreSQL server: TCP only, passwords always, loopback unless told."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded.account import Account
from app.embedded.binaries import PostgresBinaries, wheel_majors
from app.embedded.errors import DataFolderError, PortTakenError, ServerStartError
from app.embedded.placement import place_postgres
from app.embedded.ports import LOOPBACK
from app.embedded.postmaster import clear_stale, read_postmaster
from app.embedded.processes import POLL_SECONDS, ProcessIdentity, end, spawn

# Crash recovery after a kill may have minutes of log to replay.
START_SECONDS = 120.0
_BUILTIN_LOCALE_SINCE = 17
_SHARED_MEMORY_BUSY = "pre-existing shared memory block"


@dataclass
class PostgresServer:
    """One server on one data folder; its log and access rules lie beside that folder.

    `settings` are further server settings, for example `{"fsync": "off"}` for throw-away data.
    """

    name: str
    data: Path
    superuser: str
    password: str = field(repr=False)
    binaries: PostgresBinaries
    account: Account
    port: int = 0
    listen: str = LOOPBACK
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """Return the file the server writes its log to."""
        return self.data.parent / "logs" / f"{self.name}.log"

    @property
    def identity(self) -> ProcessIdentity | None:
        """Return the running server's process, whoever started it."""
        postmaster = read_postmaster(self.data)
        return None if postmaster is None else postmaster.identity

    @property
    def pid(self) -> int | None:
        """Return the running server's process id."""
        identity = self.identity
        return None if identity is None else identity.pid

    def is_running(self) -> bool:
        """Tell whether a server runs on this data folder."""
        return self.identity is not None

    def initialise(self) -> bool:
        """Make the data folder where there is none, whole or not at all; tell whether it was made.

        Raises DataFolderError for a folder of another major version or one that holds other files.
        """
        if self.data.is_dir() and any(self.data.iterdir()):
            self._check_version()
            return False
        with tempfile.TemporaryDirectory(dir=self.data.parent, prefix=".new-") as name:
            work = Path(name)
            if self.account.is_other:
                os.chown(work, self.account.uid, self.account.gid)
            self._run_initdb(work)
            if self.data.is_dir():
                self.data.rmdir()
            (work / "data").rename(self.data)
        return True

    def _run_initdb(self, work: Path) -> None:
        password_file = work / "password"
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if self.account.is_other:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
            file.write(self.password + "\n")
        answer = subprocess.run(
            self._initdb_command(work / "data", password_file),
            cwd=work,
            env=_server_environment(),
            capture_output=True,
            text=True,
            check=False,
            user=self.account.switch_uid,
            group=self.account.switch_gid,
            extra_groups=self.account.switch_groups,
        )
        password_file.unlink()
        if answer.returncode != 0:
            raise ServerStartError(
                f"initdb could not make the {self.name} server's data folder {self.data}: "
                f"{self._redact(answer.stderr or answer.stdout).strip()}"
            )

    def _initdb_command(self, data: Path, password_file: Path) -> list[str]:
        placed = place_postgres(self.binaries, self.account)
        # Code point order and Unicode case rules that do not change with the system's libraries.
        locale = ["--locale=C.UTF-8"]
        if placed.major >= _BUILTIN_LOCALE_SINCE:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return [
            *(str(placed.program("initdb")), f"--pgdata={data}", f"--username={self.superuser}"),
            *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
            *(f"--pwfile={password_file}", "--encoding=UTF8", "--data-checksums"),
            *("--lc-messages=C", "--no-instructions", *locale),
            *(("--no-sync",) if self.settings.get("fsync") == "off" else ()),
        ]

    def _check_version(self) -> None:
        version = self.data / "PG_VERSION"
        if not version.is_file():
            raise DataFolderError(
                f"{self.data} holds files and is no PostgreSQL data folder. Move them away, or set "
                "RECIPROCITY_HOME to another folder."
            )
        major = version.read_text(encoding="ascii").strip()
        if major == str(self.binaries.major):
            return
        old = f"a PostgreSQL {major}"
        if major.isdigit() and int(major) in wheel_majors():
            old = f"PostgreSQL {major} (`RECIPROCITY_POSTGRES_MAJOR={major} reciprocity up`)"
        keep = f"start {old} on it, run `reciprocity backup`, then remove the folder and restore"
        if self.name == "ai":
            keep = "remove the folder: the AI database is rebuilt from the backend database"
        raise DataFolderError(
            f"{self.data} was made by PostgreSQL {major}, and PostgreSQL {self.binaries.major} "
            f"cannot read it. Nothing was changed. Keep using {old}; or {keep}."
        )

    def start(self, limit: float = START_SECONDS) -> None:
        """Start the server and return when it takes connections; a running one is left as it is.

        Recovers from a kill. Raises PortTakenError where somebody else has the port and
        ServerStartError, with the end of the log, where the server does not come up.
        """
        if self._adopt():
            return
        self._check_version()
        clear_stale(self.data)
        patience = time.monotonic() + 10.0  # a killed server's children need a moment to leave
        while True:
            text = self._launch(limit)
            if text is None:
                return
            if _SHARED_MEMORY_BUSY not in text or time.monotonic() > patience:
                break
            time.sleep(0.2)
        if "could not bind" in text or "Address already in use" in text:
            raise PortTakenError(
                f"Port {self.port}, where {self.name} should listen, was taken meanwhile. Stop "
                "that program, or let `reciprocity up --any-port` take a free port."
            )
        raise ServerStartError(
            f"The {self.name} server did not start. The end of its log {self.log}: "
            f"{self._redact(text)[-1500:].strip()}"
        )

    def _adopt(self) -> bool:
        postmaster = read_postmaster(self.data)
        if postmaster is None:
            return False
        self.port = postmaster.port
        limit = time.monotonic() + START_SECONDS
        while postmaster is not None and not postmaster.ready and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)
            postmaster = read_postmaster(self.data)
        return postmaster is not None and postmaster.ready

    def _launch(self, limit: float) -> str | None:
        """Run the server; return None when it is ready, else what it logged before it ended."""
        placed = place_postgres(self.binaries, self.account)
        rules = self._write_access_rules()
        command = [str(placed.program("postgres")), "-D", str(self.data)]
        for key, value in (self._fixed_settings(rules) | dict(self.settings)).items():
            command += ["-c", f"{key}={value}"]
        begin = self.log.stat().st_size if self.log.exists() else 0
        process = spawn(
            command,
            folder=self.data,
            log=self.log,
            environment=_server_environment(),
            account=self.account,
        )
        patience = time.monotonic() + limit
        while process.poll() is None:
            postmaster = read_postmaster(self.data)
            if postmaster and postmaster.identity.pid == process.pid and postmaster.ready:
                return None
            if time.monotonic() > patience:
                self.stop()
                return f"not ready after {limit:.0f} s"
            time.sleep(POLL_SECONDS)
        with self.log.open(encoding="utf-8", errors="replace") as log:
            log.seek(begin)
            return log.read()

    def _fixed_settings(self, rules: Path) -> dict[str, str]:
        listen = LOOPBACK if self.listen == LOOPBACK else f"{LOOPBACK},{self.listen}"
        if not is_loopback(self.listen) and ipaddress.ip_address(self.listen).is_unspecified:
            listen = self.listen
        return {
            "listen_addresses": listen,
            "port": str(self.port),
            "unix_socket_directories": "",
            "hba_file": str(rules),
            "cluster_name": f"reciprocity_{self.name}",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
            "log_destination": "stderr",
            "shared_buffers": "512MB",  # taken as it is used
            # Every statement is short, and a wrong guess of its rows would compile it for longer.
            "jit": "off",
        }

    def _write_access_rules(self) -> Path:
        """Write who may connect; beside the data, where the server itself cannot change it."""
        origins = ["127.0.0.1/32", "::1/128"] if is_loopback(self.listen) else ["all"]
        lines = ["# Written at each start. Everybody needs a password.\n"]
        lines += [f"host all all {origin} scram-sha-256\n" for origin in origins]
        path = self.data.parent / f"{self.name}.pg_hba.conf"
        path.write_text("".join(lines), encoding="ascii")
        path.chmod(0o644)
        return path

    def stop(self, patience: float = 20.0) -> None:
        """Stop the server: `fast` shutdown, `immediate` after the patience, a kill as the last."""
        identity = self.identity
        if identity is not None:
            end(identity, ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0)))

    def remove(self) -> None:
        """Stop the server and remove its data."""
        self.stop(patience=2.0)
        if self.data.exists():
            shutil.rmtree(self.data)

    def _redact(self, text: str) -> str:
        return text.replace(self.password, "***") if self.password != self.superuser else text


def is_loopback(address: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    return ipaddress.ip_address(address).is_loopback


def _server_environment() -> dict[str, str]:
    # A server needs nothing of the caller's environment, which may hold keys of other services.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
