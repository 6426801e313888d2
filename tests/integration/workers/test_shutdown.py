"""A worker that is told to stop finishes what it has claimed, and takes no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.databases.names import Database
from app.embedded.programs import child_environment
from tests.conftest import ROOT, Pair
from tests.people import People

WORKER = (
    "from app.services import topics; from app.workers import relay;"
    "relay.BATCH[topics.EMBED] = 2;"
    "from app.workers.main import run; run()"
)


def test_a_worker_told_to_stop_finishes_what_it_claimed_and_leaves_the_rest(
    people: People, pair: Pair, tmp_path: Path
) -> None:
    people.crowd(80)
    assert pair.servers.broker is not None
    environment = pair.environment | {"CELERY_BROKER_URL": f"{pair.servers.broker.url[:-1]}7"}
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=ROOT,
            env=child_environment(environment, tmp_path) | {"RECIPROCITY_ENV_FILE": os.devnull},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        limit = time.monotonic() + 90
        while "embed for 2 begins" not in log.read_text(errors="replace"):
            assert worker.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < limit, log.read_text(errors="replace")
            time.sleep(0.01)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    states = (
        "SELECT state, count(*) FROM outbox WHERE topic = 'embed' GROUP BY state ORDER BY state;"
    )
    left = dict(row.split("|") for row in pair.sql(Database.BACKEND, states).splitlines())
    assert set(left) == {"done", "pending"}, log.read_text(errors="replace")
