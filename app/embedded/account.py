"""Choose the user the servers run as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import DataFolderError, EmbeddedError

SERVICE_USER = "reciprocity"
FALLBACK_USER = "nobody"


@dataclass(frozen=True)
class Account:
    """A user of this machine; `switch_*` are what a child process needs to become that user."""

    name: str
    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        """Return the account of this process."""
        return cls(_name_of(os.geteuid()), os.geteuid(), os.getegid())

    @property
    def is_other(self) -> bool:
        """Tell whether children must change user."""
        return self.uid != os.geteuid()

    @property
    def switch_uid(self) -> int | None:
        """Return the user id for a child process, None to stay."""
        return self.uid if self.is_other else None

    @property
    def switch_gid(self) -> int | None:
        """Return the group id for a child process, None to stay."""
        return self.gid if self.is_other else None

    @property
    def switch_groups(self) -> list[int] | None:
        """Return the further groups of a child process: none of root's, None to stay."""
        return [] if self.is_other else None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def choose_account(data_folders: Iterable[Path], say: Callable[[str], None]) -> Account:
    """Return who runs the servers: whoever owns the data, else this user, else a service user.

    Raises DataFolderError where the data belongs to a user this process cannot become.
    """
    owner = next((folder.stat() for folder in data_folders if folder.is_dir()), None)
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise DataFolderError(
                f"The data folder belongs to {_name_of(owner.st_uid)}, and this is "
                f"{_name_of(os.geteuid())}. Run the command as {_name_of(owner.st_uid)} or with "
                "sudo, or set RECIPROCITY_HOME to a folder of your own."
            )
        return Account.current()
    if owner is not None and owner.st_uid != 0:
        return Account(_name_of(owner.st_uid), owner.st_uid, owner.st_gid)
    return _service_account(say)


def _service_account(say: Callable[[str], None]) -> Account:
    account = _existing(SERVICE_USER)
    if account is None and _create_service_user():
        say(f"Made the system user {SERVICE_USER}: PostgreSQL refuses to run as root.")
        account = _existing(SERVICE_USER)
    account = account or _existing(FALLBACK_USER)
    if account is None:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and this machine has neither a user "
            f"{SERVICE_USER!r} (useradd failed) nor {FALLBACK_USER!r}. Make one with "
            f"`useradd --system {SERVICE_USER}`, or run the command as a normal user."
        )
    return account


def _existing(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_service_user() -> bool:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        return False
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    command = [useradd, *options, "--home-dir", "/nonexistent", SERVICE_USER]
    # A read-only /etc is no failure of ours: there is a fallback.
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def may_enter(path: Path, account: Account) -> bool:
    """Tell by its mode whether an account may pass through a folder or run a file."""
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def ensure_reachable(path: Path, account: Account, variable: str) -> None:
    """Raise DataFolderError naming the first folder on the way that the account cannot enter.

    Nothing is opened up here: a closed parent folder is closed for a reason.
    """
    if not account.is_other:
        return
    for folder in (*reversed(path.parents), path):
        if folder.exists() and not may_enter(folder, account):
            mode = stat.S_IMODE(folder.stat().st_mode)
            raise DataFolderError(
                f"The servers run as {account.name}, who may not enter {folder} (mode {mode:04o}), "
                f"and {path} lies in it. Set {variable} to a folder that user can reach, for "
                "example under /var/lib or /srv, or unset it to use the default."
            )
