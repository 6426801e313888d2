"""Put a wheel's programs where the service user can run them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from app.embedded.account import Account, ensure_reachable
from app.embedded.binaries import Bundle, PostgresBinaries, RedisBinary
from app.embedded.home import SYSTEM_FOLDER, make_folder

STORE = SYSTEM_FOLDER / "binaries"
# Headers, static libraries and build files: a server needs none of them (a third of the wheel).
_LEFT_OUT = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs", "__pycache__")


def place_postgres(
    binaries: PostgresBinaries, account: Account, store: Path = STORE
) -> PostgresBinaries:
    """Return binaries the account can run: in place, or a copy made once for each wheel version."""
    if not account.is_other:
        return binaries
    if binaries.bundle is None:
        ensure_reachable(binaries.program("postgres"), account, "PATH")
        return binaries
    copied = _copy_once(binaries.bundle, store)
    return replace(binaries, folder=copied / binaries.folder.relative_to(binaries.bundle.base))


def place_redis(redis: RedisBinary, account: Account, store: Path = STORE) -> RedisBinary:
    """Return a redis-server the account can run: in place, or a copy as for PostgreSQL."""
    if not account.is_other:
        return redis
    if redis.bundle is None:
        ensure_reachable(redis.path.resolve(), account, "PATH")
        return redis
    copied = _copy_once(redis.bundle, store)
    return replace(redis, path=copied / redis.path.relative_to(redis.bundle.base))


def _copy_once(bundle: Bundle, store: Path) -> Path:
    """Copy a bundle under its key, whole or not at all.

    Copied, not hard-linked: a later chown or chmod of the data folder would reach through a link
    into the virtual environment. The copy stays root's, so a server that was broken into cannot
    change its own programs.
    """
    final = store / bundle.key
    if final.is_dir():
        return final
    make_folder(store, 0o755)
    draft = Path(tempfile.mkdtemp(dir=store, prefix=f".{bundle.key}."))
    try:
        for part in bundle.parts:
            if (bundle.base / part).is_dir():
                shutil.copytree(bundle.base / part, draft / part, symlinks=True, ignore=_LEFT_OUT)
        _open_to_all(draft)
        draft.rename(final)
    except OSError:
        if not final.is_dir():  # else another command was quicker; its copy is the same
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _open_to_all(folder: Path) -> None:
    # The umask of whoever installed the wheel may have kept others out; this is our own copy.
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
