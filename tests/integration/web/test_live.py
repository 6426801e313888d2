"""An open page learns of a change within a moment, and of the end of its session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest

from app.repositories.backend import feeds
from app.services import live_stream, sessions
from app.services.live import Watch
from app.services.sessions import SignedIn
from tests.integration.web.conftest import Members
from tests.loops import in_a_loop


@pytest.fixture
def watch(members: Members) -> Iterator[Watch]:
    made = Watch(members.people.databases)
    yield made
    made.stop()


def _entered(members: Members, user_id: UUID) -> SignedIn:
    with members.people.databases.backend() as backend:
        token, _ = sessions.start(backend, user_id, "browser", "a test")
        who = sessions.find(backend, token.secret, "browser")
    assert who is not None
    return who


def _bump(members: Members, user_id: UUID) -> None:
    with members.people.databases.backend() as backend:
        feeds.bump(backend, [user_id])


async def _until(stream: AsyncIterator[str], kind: str, seconds: float = 10) -> float:
    begun = time.monotonic()
    while f"event: {kind}\n" not in await asyncio.wait_for(anext(stream), seconds):
        pass
    return time.monotonic() - begun


def test_a_change_reaches_every_open_page_of_the_member_and_nobody_elses(
    members: Members, watch: Watch
) -> None:
    ann = members.with_password("ann@example.org", "Ann")
    ben = members.with_password("ben@example.org", "Ben")
    databases = members.people.databases

    async def scene() -> None:
        pages = [live_stream.events(databases, watch, _entered(members, ann)) for _ in range(2)]
        other = live_stream.events(databases, watch, _entered(members, ben))
        for page in (*pages, other):
            await _until(page, "changed")  # the first word, at once
        for page in (pages[0], other):
            await _until(page, "changed")  # the watch has begun to follow this member
        silent = asyncio.ensure_future(anext(other))
        for _ in range(2):
            await asyncio.to_thread(_bump, members, ann)
            for page in pages:
                assert await _until(page, "changed") < 3
        assert not silent.done()
        silent.cancel()

    in_a_loop(scene)


def test_signing_out_everywhere_ends_the_stream_of_every_open_page(
    members: Members, watch: Watch
) -> None:
    ann = members.with_password("ann@example.org", "Ann")
    databases = members.people.databases

    def out() -> None:
        with databases.backend() as backend:
            sessions.end_all(backend, ann)

    async def scene() -> None:
        page = live_stream.events(databases, watch, _entered(members, ann))
        await _until(page, "changed")
        await asyncio.to_thread(out)
        await _until(page, "signed-out")
        with pytest.raises(StopAsyncIteration):
            await anext(page)

    in_a_loop(scene)


def test_a_process_that_stops_lets_its_open_pages_end(members: Members, watch: Watch) -> None:
    ann = members.with_password("ann@example.org", "Ann")

    async def scene() -> None:
        page = live_stream.events(members.people.databases, watch, _entered(members, ann))
        await _until(page, "changed")
        watch.stop()
        rest = [event async for event in page]
        assert len(rest) <= 1

    in_a_loop(lambda: asyncio.wait_for(scene(), 10))
