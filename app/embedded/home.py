"""The one folder that holds everything the embedded servers keep; it can be moved and deleted."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import app
from app.embedded.account import Account, choose_account, ensure_reachable
from app.embedded.errors import DataFolderError, EmbeddedError

VARIABLE = "RECIPROCITY_HOME"
SYSTEM_FOLDER = Path("/var/lib/reciprocity")
_LOCK_PATIENCE = 120.0
_LONG_LOG = 10_000_000


def project_folder() -> Path:
    """Return the checkout this code runs from, or the current folder where it is installed."""
    checkout = Path(app.__file__).resolve().parents[1]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def default_home() -> Path:
    """Return the data folder: RECIPROCITY_HOME, else one that belongs to this project folder.

    As root it lies under /var/lib, because the servers run as a user who may not be able to
    enter the project's folder; its name is the start of the SHA-256 of the project's path.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser().resolve()
    project = project_folder()
    if os.geteuid() == 0:
        return SYSTEM_FOLDER / hashlib.sha256(str(project).encode()).hexdigest()[:8]
    return project / ".reciprocity"


@dataclass(frozen=True)
class Home:
    """The places inside the data folder."""

    root: Path

    @property
    def ai(self) -> Path:
        """Hold the AI server's data."""
        return self.root / "ai"

    @property
    def backend(self) -> Path:
        """Hold the backend server's data."""
        return self.root / "backend"

    @property
    def redis(self) -> Path:
        """Be Redis's working folder; nothing is kept in it."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """Hold one log for each service."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """Hold ports and processes of what runs."""
        return self.root / "state.json"

    def account(self, say: Callable[[str], None]) -> Account:
        """Return the user the servers run as."""
        return choose_account((self.ai, self.backend), say)

    def create(self, account: Account) -> None:
        """Make the folders that are missing.

        Only the servers' own folders belong to the service user. The rest stays with whoever
        runs the command: a server that was broken into could otherwise put a link in the place
        of a log, and root would write through it.
        """
        make_folder(self.root, 0o711 if account.is_other else 0o700)
        ensure_reachable(self.root, account, VARIABLE)
        make_folder(self.logs, 0o700)
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > _LONG_LOG:
                log.replace(log.with_suffix(".old"))
        make_owned_folder(self.redis, account)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder while servers are started or stopped, so that two commands take turns."""
        make_folder(self.root, 0o711 if os.geteuid() == 0 else 0o700)
        with (self.root / "lock").open("a") as lock:
            _acquire(lock.fileno(), self.root)
            yield

    def secret(self, name: str) -> str:
        """Return a password of this folder, made at random when it is first asked for."""
        known = self._known_secrets()
        if name not in known:
            known[name] = secrets.token_urlsafe(24)
            write_private(self.root / "secrets.json", json.dumps(known))
        return known[name]

    def holds_secret_in(self, text: str) -> bool:
        """Tell whether a text carries a password of this folder."""
        return any(secret in text for secret in self._known_secrets().values())

    def _known_secrets(self) -> dict[str, str]:
        path = self.root / "secrets.json"
        if not path.exists():
            return {}
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise DataFolderError(
                f"{path} is no longer readable as JSON. Restore it, or stop the servers and "
                f"remove {self.root}: that loses the data."
            ) from error


def _acquire(descriptor: int, root: Path) -> None:
    limit = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > limit:
                raise EmbeddedError(
                    f"Another command has been starting or stopping the servers of {root} for "
                    f"{_LOCK_PATIENCE:.0f} s. Look at its output, or end it and try again."
                ) from error
            time.sleep(0.05)
        else:
            return


def make_folder(path: Path, mode: int) -> None:
    """Make a folder and the parents it lacks; what existed keeps its mode."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent, 0o755)
    try:
        path.mkdir()
    except FileExistsError:
        if path.is_dir():
            return
        raise DataFolderError(f"{path} is a file, and a folder is needed there.") from None
    except OSError as error:
        raise DataFolderError(
            f"{path} cannot be made: {error.strerror}. Set {VARIABLE} to a folder you may write to."
        ) from error
    path.chmod(mode)  # the umask may have taken what the service user needs


def make_owned_folder(path: Path, account: Account) -> None:
    """Make a folder that only this account can enter."""
    if path.is_dir():
        return
    make_folder(path, 0o700)
    if account.is_other:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, in one step: nobody ever sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """Yield a data folder for throw-away servers that the service user can reach, then remove it.

    The folder itself does not exist yet. The caller stops the servers before it goes.
    """
    outer = Path(tempfile.mkdtemp(prefix="reciprocity-")).resolve()
    if os.geteuid() == 0:
        outer.chmod(0o711)
    try:
        yield outer / "home"
    finally:
        shutil.rmtree(outer)
