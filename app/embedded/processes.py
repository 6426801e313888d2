"""Start, recognise and end processes without ever touching somebody else's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.embedded.account import Account

PROC = Path("/proc")
POLL_SECONDS = 0.02

# A server outlives the object that started it, and a Popen collected before its child's end warns.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ProcessIdentity:
    """A process id with the moment it started, so that a recycled id is never taken for it."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Return the identity of a living process, or None where there is none (or a zombie)."""
        started = _start_mark(pid)
        return None if started is None else cls(pid, started)

    def is_alive(self) -> bool:
        """Tell whether this very process still runs."""
        reap()
        return _start_mark(self.pid) == self.started


def _start_mark(pid: int) -> str | None:
    if sys.platform != "linux":
        return _start_mark_by_ps(pid)
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may hold spaces and brackets of its own: count from the last one.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{_boot_id()}/{fields[19]}"


def _start_mark_by_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return None if not answer or answer[0].startswith("Z") else answer[1].strip()


def _boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether a process works in this folder (elsewhere than on Linux: names it)."""
    if sys.platform != "linux":
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return str(folder) in answer
    try:
        return (PROC / str(pid) / "cwd").samefile(folder)
    except OSError:  # gone meanwhile, or another user's
        return False


def find_working_in(folder: Path) -> list[ProcessIdentity]:
    """Return the processes whose working directory is this folder (Linux; elsewhere none)."""
    if sys.platform != "linux" or not folder.exists():
        return []
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    found = [ProcessIdentity.of(pid) for pid in pids if works_in(pid, folder)]
    return [identity for identity in found if identity is not None]


def spawn(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: Mapping[str, str],
    account: Account,
    feed: str | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process of its own session that writes to a log file, and return at once.

    `feed` is written to its standard input: the way for what must stand neither on disk nor in
    the process list. The descriptors in `keep` are the child's as well. A session of its own keeps
    the terminal's Ctrl-C away from the child.
    """
    reap()
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep,
            user=account.switch_uid,
            group=account.switch_gid,
            extra_groups=account.switch_groups,
        )
    _children.append(process)
    if process.stdin is not None and feed is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(feed.encode())
    return process


def reap() -> None:
    """Collect children that have ended, so that none stays behind as a zombie."""
    for process in list(_children):
        if process.poll() is not None:
            with contextlib.suppress(ValueError):  # another thread was quicker
                _children.remove(process)


def wait_until_gone(identity: ProcessIdentity, seconds: float) -> bool:
    """Wait for a process to end and tell whether it did within that many seconds."""
    limit = time.monotonic() + seconds
    while identity.is_alive():
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(
    identity: ProcessIdentity,
    signals: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0),),
) -> None:
    """End a process: each signal in turn with its seconds of patience, then SIGKILL."""
    for number, patience in (*signals, (signal.SIGKILL, 5.0)):
        if not identity.is_alive():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)
        if wait_until_gone(identity, patience):
            return


def end_session(identity: ProcessIdentity, patience: float) -> None:
    """End a process started by `spawn` and whatever of its own children it left behind."""
    members = _session_members(identity.pid) if identity.is_alive() else []
    end(identity, ((signal.SIGTERM, patience),))
    for member in members:
        end(member, ((signal.SIGTERM, 1.0),))


def _session_members(session: int) -> list[ProcessIdentity]:
    if sys.platform != "linux":
        return []
    members: list[ProcessIdentity] = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == session:
            continue
        with contextlib.suppress(ProcessLookupError, PermissionError):
            identity = ProcessIdentity.of(int(entry.name))
            if identity is not None and os.getsid(identity.pid) == session:
                members.append(identity)
    return members
