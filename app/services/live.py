"""Tell open pages at once that something has changed, by what the backend database says.

One thread of a process asks the database for the numbers of all members whose pages are open, four
times a second; nobody asks when no page is open. A number only grows, in the transaction of the
change itself, so a change that is committed late is seen all the same.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final
from uuid import UUID

from app.repositories.backend import feeds
from app.services.steps import Databases

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.25  # seconds
LOOK_AFTER_FAILURE: Final = 3.0  # seconds


class Page:
    """Be one open page: `changed` is set in its event loop when it has to look again."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.closing = False
        self._loop = asyncio.get_running_loop()

    def wake(self, *, closing: bool = False) -> None:
        """Tell the page from any thread; a loop that has ended needs no telling."""
        self.closing = self.closing or closing
        try:
            self._loop.call_soon_threadsafe(self.changed.set)
        except RuntimeError:
            log.debug("a page's loop has ended before the page was told")


class Watch:
    """Follow the members whose pages are open."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._pages: defaultdict[UUID, set[Page]] = defaultdict(set)
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def follow(self, user_id: UUID) -> Iterator[Page]:
        """Give a page that is woken by this member's changes, for as long as it is open."""
        page = Page()
        with self._lock:
            self._pages[user_id].add(page)
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._work, name="live", daemon=True)
                self._thread.start()
        if self._stopping.is_set():
            page.wake(closing=True)
        self._wanted.set()
        try:
            yield page
        finally:
            with self._lock:
                self._pages[user_id].discard(page)
                if not self._pages[user_id]:
                    del self._pages[user_id]

    def stop(self) -> None:
        """Let every open page end, so that the process can."""
        self._stopping.set()
        self._wanted.set()
        for pages in self._open().values():
            for page in pages:
                page.wake(closing=True)

    def _open(self) -> dict[UUID, list[Page]]:
        with self._lock:
            return {user_id: list(pages) for user_id, pages in self._pages.items()}

    def _work(self) -> None:
        known: dict[UUID, int] = {}
        while not self._stopping.is_set():
            pages = self._open()
            if not pages:
                known.clear()
                self._wanted.clear()
                if not self._open():
                    self._wanted.wait()
                continue
            pause = LOOK_EVERY
            try:
                known = self._look(pages, known)
            except Exception:
                log.exception("open pages cannot be told of changes; they ask by themselves")
                pause = LOOK_AFTER_FAILURE
            self._stopping.wait(pause)

    def _look(self, pages: dict[UUID, list[Page]], known: dict[UUID, int]) -> dict[UUID, int]:
        with self._databases.backend() as backend:
            found = feeds.versions(backend, list(pages))
        # A member without a row has the number 0: their first change is one too.
        now = {user_id: found.get(user_id, 0) for user_id in pages}
        # Asked again: a page that was opened meanwhile may have read what was before the change. Who
        # was not known before is told as well, as nobody can say what happened until now.
        for user_id, opened in self._open().items():
            if user_id in now and known.get(user_id) != now[user_id]:
                for page in opened:
                    page.wake()
        return now


@contextmanager
def ended_by_signals(watch: Watch) -> Iterator[None]:
    """Let open pages end when the process is told to: a server waits for them before it stops."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def told(number: int, frame: FrameType | None) -> None:
        # In a thread of its own, as the one that was interrupted may hold the lock.
        threading.Thread(target=watch.stop, daemon=True).start()
        known = before[signal.Signals(number)]
        if callable(known):
            known(number, frame)

    wanted = [number for number, known in before.items() if callable(known)]
    for number in wanted:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number in wanted:
            signal.signal(number, before[number])
