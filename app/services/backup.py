"""Copy both databases into a folder, and make a new pair of databases out of such a folder.

The two copies are moments apart: the AI database is copied first, so that the backend copy is the
newer one and a reconcile after the restore makes them equal by making vectors, never by losing words.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from app.databases.identity import Marker
from app.databases.names import Database
from app.errors import ConflictError, InvalidInputError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
ORDER: Final = (Database.AI, Database.BACKEND)


class Dumps(Protocol):
    """Copy databases out and in."""

    def server_version(self, database: Database) -> str:
        """Give the server's version."""
        ...

    def is_empty(self, database: Database) -> bool:
        """Say whether a database holds no table of anybody."""
        ...

    def dump(self, database: Database, file: Path) -> None:
        """Write a database into a new file."""
        ...

    def restore(self, database: Database, file: Path) -> None:
        """Read such a file into an empty database."""
        ...


@dataclass(frozen=True, slots=True)
class Copy:
    """Describe one database's copy; `sha256` is of the file."""

    file: str
    sha256: str
    bytes: int
    revision: str
    server: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describe a backup: of which pair, when, by which code, and both copies."""

    format: int
    made_at: str
    made_by: str
    environment: str
    pair_id: str
    copies: dict[str, Copy]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a folder's manifest; raise InvalidInputError when it is none, or incomplete."""
        path = folder / MANIFEST
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            copies = {name: Copy(**one) for name, one in raw.pop("copies").items()}
            made = cls(copies=copies, **raw)
        except FileNotFoundError:
            raise InvalidInputError(
                f"{folder} holds no {MANIFEST}: it is no backup, or one that was not completed."
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise InvalidInputError(f"{path} is not a manifest of this program.") from None
        if made.format != FORMAT or made.copies.keys() != {d.value for d in ORDER}:
            raise InvalidInputError(
                f"{path} is of format {made.format}, and this program reads {FORMAT}."
            )
        return made

    def check(self, folder: Path) -> None:
        """Hold each file against its checksum; raise InvalidInputError for one that differs."""
        for name, copy in self.copies.items():
            path = folder / copy.file
            if not path.is_file() or path.parent != folder or sha256(path) != copy.sha256:
                raise InvalidInputError(
                    f"{path} is not the copy of the {name} database that the manifest describes:"
                    " it is missing, damaged or another's. Nothing was restored."
                )


def backup(
    dumps: Dumps,
    folder: Path,
    *,
    marker: Marker,
    revisions: dict[Database, str],
    made_at: str,
    made_by: str,
    say: Callable[[str], None],
) -> Manifest:
    """Copy both databases into a new or empty folder; the manifest is written last.

    Raises ConflictError for a folder that holds something. What an interrupted backup wrote is
    removed again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConflictError(f"{folder} is not empty; name a new folder for each backup.")
    copies: dict[str, Copy] = {}
    try:
        for database in ORDER:
            path = folder / f"{database.value}.dump"
            dumps.dump(database, path)
            copies[database.value] = Copy(
                path.name,
                sha256(path),
                path.stat().st_size,
                revisions[database],
                dumps.server_version(database),
            )
            say(f"{database.value:8} {copies[database.value].bytes / 1e6:.1f} MB")
        made = Manifest(FORMAT, made_at, made_by, marker.environment, str(marker.pair_id), copies)
        _write(folder / MANIFEST, json.dumps(asdict(made), indent=2) + "\n")
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        raise
    return made


def restore(dumps: Dumps, folder: Path, *, say: Callable[[str], None]) -> Manifest:
    """Read both copies into two empty databases, which are not a pair of their own yet.

    Everything is checked first: raises InvalidInputError for a damaged backup, and ConflictError
    when a database holds anything; nothing was changed then.
    """
    manifest = Manifest.read(folder)
    manifest.check(folder)
    for database in ORDER:
        if not dumps.is_empty(database):
            raise ConflictError(
                f"The {database} database ({database.variable}) is not empty; a backup is restored"
                " into empty databases only. Create a new one, point the variable at it, and restore"
                " again. Nothing was changed."
            )
    for database in reversed(ORDER):
        say(f"{database.value:8} {manifest.copies[database.value].bytes / 1e6:.1f} MB")
        dumps.restore(database, folder / manifest.copies[database.value].file)
    return manifest


def sha256(path: Path) -> str:
    """Digest a file (SHA-256, hexadecimal)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
