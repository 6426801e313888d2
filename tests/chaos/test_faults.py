"""Faults that a server, a clock or a text brings, each with the answer that docs/faults.md promises."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest
from starlette.testclient import TestClient

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseBusyError, DatabaseUnavailableError
from app.databases.names import Database
from app.embedded.account import Account
from app.embedded.provisioning import provision
from app.main import create_app
from app.repositories.backend import outbox, runs
from app.services import topics
from app.settings import ApiSettings
from app.workers.relay import Relay
from tests.conftest import Pair, Run
from tests.people import People

SIGN_IN = {"email": "ann@example.org", "password": "not her password"}
SESSIONS = "/api/member/v1/sessions"


@contextmanager
def _served(pair: Pair, **further: str) -> Iterator[TestClient]:
    """Serve both faces on an adapter of their own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.bootstrap.postgresql_adapter", PostgreSQLAdapter())
        values = pair.environment | {"RECIPROCITY_ENVIRONMENT": "test"} | further
        app = create_app(ApiSettings.model_validate(values))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _end_connections(pair: Pair, database: Database) -> None:
    pair.sql(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{pair.name}' AND pid <> pg_backend_pid();",
    )


def _told_to_come_back(client: TestClient) -> None:
    """Ask for a write; the answer is 503 with the time to wait, and nothing of the inside."""
    answer = client.post(SESSIONS, json=SIGN_IN)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "postgres:postgres" not in answer.text
    page = client.get("/health/live")
    assert page.status_code == 200


def _works_again(client: TestClient) -> None:
    assert client.post(SESSIONS, json=SIGN_IN).status_code == 401


@pytest.fixture
def tiny_disk(pair: Pair) -> Iterator[Path]:
    """Keep the backend database on a disk of its own that is small; give where it is mounted."""
    folder = Path(tempfile.mkdtemp(prefix="reciprocity-disk-", dir="/var/tmp"))
    mount = [shutil.which("mount") or "false", "-t", "tmpfs", "-o", "size=64m,mode=0777"]
    if subprocess.run([*mount, "tmpfs", str(folder)], check=False).returncode:
        folder.rmdir()
        pytest.skip(f"{Account.current()} may not mount a disk")
    try:
        (folder / "space").mkdir()
        (folder / "space").chmod(0o777)
        owner = pair.server(Database.BACKEND).data.stat()
        shutil.chown(folder / "space", owner.st_uid, owner.st_gid)
        (folder / "space").chmod(0o700)
        provision(
            pair.server(Database.BACKEND), f"CREATE TABLESPACE tiny LOCATION '{folder / 'space'}';"
        )
        _end_connections(pair, Database.BACKEND)
        move = f'ALTER DATABASE "{pair.name}" SET TABLESPACE'
        provision(pair.server(Database.BACKEND), f"{move} tiny;")
        yield folder
        _end_connections(pair, Database.BACKEND)
        provision(pair.server(Database.BACKEND), f"{move} pg_default; DROP TABLESPACE tiny;")
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _let_join(people: People, count: int, words: list[str]) -> None:
    for number in range(count):
        people.join(f"Late{number}", words, words)


def test_on_a_full_disk_writes_are_refused_whole_and_go_on_when_there_is_room(
    people: People, pair: Pair, tiny_disk: Path
) -> None:
    people.crowd(2)
    filler = tiny_disk / "filler"
    with filler.open("wb") as out, suppress(OSError):
        while True:
            out.write(b"\0" * 65_536)
    words = [f"something that takes its room {number} " * 20 for number in range(20)]
    with pytest.raises(DatabaseUnavailableError, match="its disk not full"):
        _let_join(people, 500, words)
    before = pair.sql(Database.BACKEND, "SELECT count(*) FROM users")
    half = "SELECT count(*) FROM users u WHERE NOT EXISTS (SELECT 1 FROM user_summaries)"
    assert pair.sql(Database.BACKEND, half) == "0"
    with _served(pair) as client:
        assert client.get("/health/ready").status_code in {200, 503}
        assert client.get("/sign-in").status_code == 200, "pages that write nothing go on"
        filler.unlink()
        _works_again(client)
    people.join("Afterwards", ["help with gardening"], ["help with gardening"])
    people.relay.look()
    assert int(pair.sql(Database.BACKEND, "SELECT count(*) FROM users")) == int(before) + 1
    with people.databases.backend() as backend:
        assert outbox.backlog(backend).pending == 0


def test_where_the_backend_only_reads_pages_are_read_and_writes_answer_503(pair: Pair) -> None:
    setting = f'ALTER DATABASE "{pair.name}" SET default_transaction_read_only ='
    with _served(pair) as client:
        _works_again(client)
        pair.sql(Database.BACKEND, f"{setting} on;")
        _end_connections(pair, Database.BACKEND)
        _told_to_come_back(client)
        assert client.get("/sign-in").status_code == 200
        pair.sql(Database.BACKEND, f"SET default_transaction_read_only = off; {setting} off;")
        _end_connections(pair, Database.BACKEND)
        _works_again(client)


def test_where_every_connection_is_taken_the_answer_is_503_in_time_and_the_next_one_works(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.postgresql.POOL_WAIT", 0.5)
    with _served(pair, DATABASE_POOL_SIZE="1") as client:
        _works_again(client)
        databases = client.app.state.platform.databases  # type: ignore[attr-defined] # ours
        with databases.backend():
            begun = time.monotonic()
            _told_to_come_back(client)
            assert time.monotonic() - begun < 5
        _works_again(client)


def test_a_statement_that_waits_too_long_ends_and_the_caller_is_told_to_come_back(
    pair: Pair,
) -> None:
    with _served(pair, DATABASE_STATEMENT_TIMEOUT="1") as client:
        databases = PostgreSQLAdapter(pair.settings)
        with databases.backend() as backend:
            backend.execute("LOCK TABLE rate_limits")
            begun = time.monotonic()
            _told_to_come_back(client)
            assert time.monotonic() - begun < 5
        databases.close()
        _works_again(client)


@pytest.mark.parametrize("database", list(Database))
def test_every_connection_has_a_time_out_for_statements_and_says_which_database_was_slow(
    pair: Pair, database: Database
) -> None:
    hurried = pair.settings.model_copy(update={"statement_timeout": 1})
    databases = PostgreSQLAdapter(hurried)
    opened = databases.ai if database is Database.AI else databases.backend
    with pytest.raises(DatabaseBusyError, match=f"The {database} database .*57014"), opened() as db:
        db.execute("SELECT count(*) FROM generate_series(1, 99999) a, generate_series(1, 99999) b")
    databases.close()


def test_a_slow_server_fails_work_that_is_done_when_it_is_quick_again(
    people: People, pair: Pair
) -> None:
    ann, ben = people.crowd(2)
    hurried = PostgreSQLAdapter(pair.settings.model_copy(update={"statement_timeout": 1}))
    with people.databases.ai() as ai:
        ai.execute("LOCK TABLE embeddings")
        # In a thread of its own, as another process would be.
        worker = Thread(target=Relay(hurried, people.embedder).look)
        worker.start()
        worker.join()
    hurried.close()
    with people.databases.backend() as backend:
        assert outbox.backlog(backend).pending == 2
        row = backend.execute("SELECT max(attempts), min(last_error) FROM outbox").fetchone()
        backend.execute("UPDATE outbox SET available_at = now()")
    assert row is not None
    assert row[0] >= 1
    assert "did not do a statement in time" in row[1]
    people.relay.look()
    assert people.matched_with(ann) == {ben}


def test_a_run_over_everybody_may_take_longer_than_any_other_statement(
    people: People, pair: Pair
) -> None:
    crowd = people.crowd(8)
    people.relay.look()
    hurried = PostgreSQLAdapter(pair.settings.model_copy(update={"statement_timeout": 1}))
    with people.databases.backend() as backend:
        outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    worker = Thread(target=Relay(hurried, people.embedder).look)
    with people.databases.backend() as backend:
        backend.execute("LOCK TABLE matches IN SHARE ROW EXCLUSIVE MODE")
        worker.start()
        time.sleep(1.6)
    worker.join()
    hurried.close()
    with people.databases.backend() as backend:
        last = runs.last(backend)
    assert last is not None
    assert (last.state, last.members) == ("ready", len(crowd))


def test_a_clock_that_is_set_back_two_hours_holds_up_no_work_and_no_list(people: People) -> None:
    ann, ben = people.crowd(2)
    people.relay.look()
    cara, dan = people.crowd(2, first=2)
    with people.databases.backend() as backend:
        # What was written before the clock was set back lies two hours ahead of it.
        backend.execute("UPDATE matching_runs SET started_at = started_at + interval '2 hours'")
        backend.execute("UPDATE matches SET updated_at = updated_at + interval '2 hours'")
        backend.execute(
            "UPDATE outbox SET available_at = available_at + interval '2 hours'"
            " WHERE state = 'pending' AND user_id = %s",
            (cara,),
        )
        backend.execute(
            "UPDATE outbox SET state = 'running', leased_until = now() + interval '2 hours'"
            " WHERE state = 'pending' AND user_id = %s",
            (dan,),
        )
    people.relay.look()
    with people.databases.backend() as backend:
        left = outbox.backlog(backend)
    assert (left.pending, left.running, left.dead) == (0, 0, 0)
    assert people.matched_with(ann) == {ben, cara, dan}


def test_a_clock_that_is_set_forward_takes_work_over_and_does_it_once_all_the_same(
    people: People,
) -> None:
    ann, ben = people.crowd(2)
    with people.databases.backend() as backend:
        # A worker holds it; by the clock that was set forward its lease has run out.
        backend.execute(
            "UPDATE outbox SET state = 'running', attempts = 1,"
            " leased_until = now() - interval '2 hours'"
        )
    people.relay.look()
    people.relay.look()
    assert people.matched_with(ann) == {ben}
    with people.databases.ai() as ai:
        assert ai.execute("SELECT count(*) FROM embeddings").fetchone() == (4,)


def test_work_that_is_delivered_twice_and_backwards_leaves_what_came_last(people: People) -> None:
    ann, ben = people.crowd(2)
    people.say(ann, ["tax advice"], ["piano lessons"])
    people.say(ben, ["piano lessons"], ["tax advice"])
    people.relay.look()
    with people.databases.ai() as ai:
        once = ai.execute("SELECT * FROM member_vectors ORDER BY user_id").fetchall()
    for order in ("ASC", "DESC"):
        with people.databases.backend() as backend:
            backend.execute(
                "INSERT INTO outbox (topic, user_id, payload, state, attempts, available_at,"
                " created_at) SELECT topic, user_id, payload, 'pending', 0, now(), now()"
                f" FROM outbox WHERE topic = 'embed' ORDER BY id {order}"
            )
        people.relay.look()
    with people.databases.ai() as ai:
        again = ai.execute("SELECT * FROM member_vectors ORDER BY user_id").fetchall()
    assert [(row[0], row[1], row[2]) for row in again] == [(row[0], row[1], row[2]) for row in once]
    assert people.matched_with(ann) == {ben}
    with people.databases.backend() as backend:
        assert backend.execute("SELECT count(*) FROM matches").fetchone() == (1,)


@pytest.mark.parametrize("how", ["is told", "dies"])
def test_a_text_for_which_a_worker_runs_out_of_memory_is_tried_again_and_costs_nobody_else(
    people: People, pair: Pair, run: Run, how: str
) -> None:
    ann, ben = people.crowd(2)
    glutton = people.join("Glutton", ["feast"], ["help with gardening"])
    with people.databases.backend() as backend:
        backend.execute("UPDATE outbox SET attempts = 5")  # from the sixth on, each is done alone
    ended = run(["-m", "tests.chaos.hungry_worker", how], pair.environment)
    assert (ended.returncode == 0) is (how == "is told"), ended.stderr
    people.relay.look()  # the next worker; the text is still held by the first one's lease, or waits
    assert people.matched_with(ann) == {ben}
    with people.databases.backend() as backend:
        row = backend.execute(
            "SELECT attempts, state FROM outbox WHERE user_id = %s", (glutton,)
        ).fetchone()
    assert row == (6, "pending" if how == "is told" else "running")
