"""What is due is done once however many processes look, and one failure keeps nothing else back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.services import caretaker, departures, idempotency, notifications
from app.services.site import Site
from tests.conftest import Pair
from tests.people import People

SITE = Site("https://meet.example", False, True, True)
LATER = timedelta(minutes=3)


@pytest.fixture
def couples(people: People, pair: Pair) -> list[UUID]:
    ids = [
        people.join(f"{name}{number}", [need], [offer])
        for number in range(4)
        for name, need, offer in (
            ("Ann", "tax advice", "piano lessons"),
            ("Ben", "piano lessons", "tax advice"),
        )
    ]
    people.relay.look()
    pair.sql(Database.BACKEND, "UPDATE users SET is_email_verified = true")
    return ids


@pytest.fixture
def processes(pair: Pair) -> Iterator[list[PostgreSQLAdapter]]:
    made = [PostgreSQLAdapter(pair.settings) for _ in range(3)]
    yield made
    for one in made:
        one.close()


def test_several_processes_tell_each_member_once(
    couples: list[UUID], processes: list[PostgreSQLAdapter], pair: Pair
) -> None:
    at = datetime.now(UTC) + LATER
    with ThreadPoolExecutor(3) as pool:
        written = list(pool.map(lambda one: notifications.tell(one, SITE, at), processes))
        written += pool.map(lambda one: notifications.tell(one, SITE, at), processes)
    assert sum(written) == len(couples)
    letters = "SELECT count(*), count(DISTINCT recipient) FROM letters"
    assert pair.sql(Database.BACKEND, letters) == f"{len(couples)}|{len(couples)}"


def test_one_member_whose_news_cannot_be_told_keeps_nobody_elses_letter_back(
    couples: list[UUID], people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = min(couples)
    tell = notifications._tell

    def telling(backend: object, site: Site, user_id: UUID, at: datetime) -> bool:
        if user_id == broken:
            raise RuntimeError("no such row")
        return tell(backend, site, user_id, at)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(notifications, "_tell", telling)
    assert notifications.tell(people.databases, SITE, datetime.now(UTC) + LATER) == 7
    monkeypatch.setattr(notifications, "_tell", tell)
    assert notifications.tell(people.databases, SITE, datetime.now(UTC) + LATER) == 1, "told later"


def test_an_erasure_that_fails_keeps_no_letter_back_and_is_done_at_the_next_look(
    couples: list[UUID], people: People, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.sql(
        Database.BACKEND,
        "INSERT INTO departures VALUES"
        f" ('{couples[0]}', now() - interval '8 days', now() - interval '1 day', true)",
    )

    def broken(*_: object) -> int:
        raise RuntimeError("no such table")

    forgotten: list[object] = []

    def forget(backend: object) -> int:
        forgotten.append(backend)
        return 0

    with monkeypatch.context() as patched:
        patched.setattr(departures, "carry_out", broken)
        patched.setattr(idempotency, "forget_old", forget)
        caretaker.look(people.databases, SITE)
    assert len(forgotten) == 1
    caretaker.look(people.databases, SITE)
    assert pair.sql(Database.BACKEND, f"SELECT 1 FROM users WHERE id = '{couples[0]}'") == ""
