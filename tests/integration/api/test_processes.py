"""Several processes answer behind one port as if they were one, and die and are replaced unnoticed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest

from app import listening
from app.databases.names import Database
from app.embedded.embedded import Embedded
from app.repositories.backend import feeds
from app.services import accounts, sessions
from app.services.accounts import Wish
from tests.conftest import ROOT, Pair, _pair
from tests.forwarding import forwarded
from tests.people import People

WITHIN = 60.0  # seconds; a process imports for one of them where nothing else runs
PASSWORD = "correct horse battery"
TOKEN = {"Authorization": "Bearer of metrics"}


class Served:
    """Be a running `reciprocity serve`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.log = process, log
        self.address = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health/live").status_code == 200
        except httpx.TransportError:
            return False

    def answering(self) -> frozenset[int]:
        """Name the processes that answer: those of its children that told so."""
        started = re.findall(r"Started server process \[(\d+)\]", self.log.read_text())
        return frozenset(int(one) for one in started if _lives(int(one)))

    def wait(self, until: Callable[[], bool]) -> None:
        limit = time.monotonic() + WITHIN
        while not until():
            assert time.monotonic() < limit, self.log.read_text()[-3000:]
            time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@contextmanager
def _serving(
    pair: Pair, folder: Path, keep: Sequence[int] = (), **variables: str
) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(variables.get("API_PORT", free.getsockname()[1]))
    log = folder / "serve.log"
    (folder / "tmp").mkdir()
    environment = pair.environment | {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder / "tmp"),
        "RECIPROCITY_ENV_FILE": os.devnull,
        "API_PORT": str(port),
        "METRICS_TOKEN": "of metrics",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", "serve"],
            cwd=ROOT,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=keep,
        )
    try:
        yield Served(process, port, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(WITHIN)


@contextmanager
def _both_answering(pair: Pair, folder: Path) -> Iterator[Served]:
    with _serving(pair, folder) as found:
        found.wait(lambda: len(found.answering()) == 2)
        found.wait(found.answers)
        yield found


@pytest.fixture
def served(pair: Pair, tmp_path: Path) -> Iterator[Served]:
    with _both_answering(pair, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def served_on(
    servers: Embedded, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One for all tests that leave it answering, by whichever processes."""
    with (
        contextmanager(_pair)(servers, migrated_template) as pair,
        _both_answering(pair, tmp_path_factory.mktemp("served")) as found,
    ):
        yield found


def _counted(served: Served) -> float:
    text = httpx.get(f"{served.address}/metrics", headers=TOKEN).text
    name = r'reciprocity_http_requests_total\{method="GET",route="/terms",status="200"\} (\S+)'
    found = re.search(name, text)
    assert 'reciprocity_guard_refusals_total{database="ai"} 0.0' in text
    return float(found[1]) if found else 0.0


def test_requests_are_counted_together_whichever_process_answered(served_on: Served) -> None:
    before = _counted(served_on)
    for _ in range(20):
        assert httpx.get(f"{served_on.address}/terms").status_code == 200
    served_on.wait(lambda: _counted(served_on) == before + 20)
    assert {_counted(served_on) for _ in range(10)} == {before + 20}


def test_operators_see_what_the_guard_refused_in_every_process(
    pair: Pair, people: People, tmp_path: Path
) -> None:
    accounts.create(people.databases, Wish("op@example.org", PASSWORD, "Op"), operator=True)
    each = "from app.databases import names, refusals; refusals.count(names.Database.AI)"
    (tmp_path / "sitecustomize.py").write_text(each)  # Python runs it as a process begins
    with _serving(pair, tmp_path, PYTHONPATH=str(tmp_path)) as found:
        found.wait(lambda: len(found.answering()) == 2)
        found.wait(found.answers)
        who = {"email": "op@example.org", "password": PASSWORD}
        signed_in = httpx.post(f"{found.address}/api/member/v1/sessions", json=who).json()
        token = {"Authorization": f"Bearer {signed_in['token']}"}
        address = f"{found.address}/api/operator/v1/overview"
        told = [httpx.get(address, headers=token).json()["databases"] for _ in range(4)]
    counted = [(one["ai"]["guard_refusals"], one["backend"]["guard_refusals"]) for one in told]
    assert counted == [(2, 0)] * 4


def test_a_killed_process_is_begun_anew_and_the_other_answers_meanwhile(served_on: Served) -> None:
    before, begun = served_on.answering(), time.monotonic()
    os.kill(min(before), signal.SIGSTOP)
    time.sleep(1.5)  # its parent asks it by now, and would wait long for an answer
    os.kill(min(before), signal.SIGKILL)
    served_on.wait(lambda: min(before) not in served_on.answering())
    assert served_on.answers()
    served_on.wait(lambda: len(served_on.answering()) == 2)
    assert time.monotonic() - begun < 25
    assert served_on.process.poll() is None


def test_while_a_database_is_away_the_other_process_answers_on(pair: Pair, tmp_path: Path) -> None:
    address, port = pair.settings.database_url, pair.server(Database.AI).port
    with ExitStack() as between:
        known = between.enter_context(forwarded(port))
        through = address.replace(f":{port}/", f":{known}/")
        with _serving(pair, tmp_path, DATABASE_URL=through) as found:
            found.wait(lambda: len(found.answering()) == 2)
            found.wait(found.answers)
            between.close()  # what is open stays open; nothing new gets through
            os.kill(min(found.answering()), signal.SIGKILL)
            found.wait(lambda: "Child process" in found.log.read_text())
            found.wait(lambda: "Cannot reach the ai database" in found.log.read_text())
            assert found.answers()
            between.enter_context(forwarded(port, port=known))
            found.wait(lambda: len(found.answering()) == 2)
            assert found.process.poll() is None


def test_processes_are_replaced_on_sighup_while_the_port_answers(served_on: Served) -> None:
    before = served_on.answering()
    served_on.process.send_signal(signal.SIGHUP)

    def replaced() -> bool:
        # A connection that was taken and not read yet when its process ends is closed.
        assert served_on.answers() or served_on.answers()
        return len(served_on.answering()) == 2 and not before & served_on.answering()

    served_on.wait(replaced)


def test_no_process_outlives_the_killed_one_that_began_it(served: Served) -> None:
    served.process.kill()
    served.process.wait()
    served.wait(lambda: not served.answering())
    port = int(served.address.rpartition(":")[2])
    served.wait(lambda: _is_free(port))  # another may begin there
    served.wait(lambda: not list((served.log.parent / "tmp").glob("reciprocity-*")))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_two_that_begin_at_one_port_do_not_share_it(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with _serving(pair, tmp_path) as first:
        port = first.address.rpartition(":")[2]
        with _serving(pair, tmp_path / "other", API_PORT=port) as second:
            both = (first, second)
            first.wait(lambda: any(one.process.poll() is not None for one in both))
            refused, served = both if first.process.poll() is not None else both[::-1]
            assert refused.process.wait(WITHIN) != 0
            assert "Traceback" not in refused.log.read_text()
            served.wait(served.answers)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_they_answer_at_a_socket_that_was_handed_over(
    pair: Pair, tmp_path: Path, processes: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as at:
        handed = {"API_PROCESSES": processes, listening.VARIABLE: str(at.fileno())}
        with _serving(pair, tmp_path, keep=[at.fileno()], **handed) as found:
            address = f"http://127.0.0.1:{at.getsockname()[1]}/health/live"
            assert httpx.get(address, timeout=WITHIN).status_code == 200
            assert not found.answers(), "nobody listens at API_PORT"


def test_a_change_reaches_open_pages_whichever_process_keeps_them(
    served: Served, people: People
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    with people.databases.backend() as backend:
        token, _ = sessions.start(backend, ann, "bearer", "a test")
    headers = {"Authorization": f"Bearer {token.secret}"}
    with ExitStack() as pages:
        heard: list[list[str]] = []
        for _ in range(12):  # by the one process or the other: all of one would be chance
            client = pages.enter_context(httpx.Client(headers=headers, timeout=30))
            stream = client.stream("GET", f"{served.address}/api/member/v1/events")
            page = pages.enter_context(stream)
            assert page.status_code == 200
            heard.append([])
            Thread(target=_hear, args=(page, heard[-1]), daemon=True).start()
        served.wait(lambda: all(heard))  # the first word, at once
        time.sleep(1)  # the processes have begun to follow this member
        first = [len(one) for one in heard]
        with people.databases.backend() as backend:
            feeds.bump(backend, [ann])
        served.wait(lambda: all(len(one) > n for one, n in zip(heard, first, strict=True)))
        served.process.terminate()
        assert served.process.wait(WITHIN) == 0, "open pages hold up no end"


def _hear(page: httpx.Response, heard: list[str]) -> None:
    with suppress(httpx.TransportError, httpx.StreamError):
        heard.extend(line for line in page.iter_lines() if line == "event: changed")


def test_it_ends_when_asked_and_leaves_nothing_behind(served: Served) -> None:
    served.process.terminate()
    assert served.process.wait(WITHIN) == 0
    assert not served.answering()
    assert list((served.log.parent / "tmp").glob("reciprocity-*")) == []
    assert "Traceback" not in served.log.read_text()


def test_what_no_process_can_begin_with_ends_all_in_words(pair: Pair, tmp_path: Path) -> None:
    with _serving(pair, tmp_path, EMBEDDING_API_KEY="of no server") as found:
        assert found.process.wait(WITHIN) != 0
        text = found.log.read_text()
        assert "EMBEDDING_API_KEY is set and EMBEDDING_BASE_URL is not" in text
        assert "Traceback" not in text
        assert "of no server" not in text


def test_one_process_is_enough_where_one_is_asked_for(pair: Pair, tmp_path: Path) -> None:
    with _serving(pair, tmp_path, API_PROCESSES="1") as found:
        found.wait(found.answers)
        assert found.answering() == {found.process.pid}
        assert httpx.get(f"{found.address}/terms").status_code == 200
        assert _counted(found) == 1.0
