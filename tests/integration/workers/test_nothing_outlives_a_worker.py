"""A worker that is killed leaves none of its processes behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.embedded.processes import ProcessIdentity, _session_members, end
from app.embedded.programs import child_environment
from tests.conftest import ROOT, Pair


def _wait(until: Callable[[], bool], seconds: float, log: Path) -> None:
    limit = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < limit, log.read_text(errors="replace")
        time.sleep(0.05)


def test_what_a_killed_worker_began_ends_by_itself(pair: Pair, tmp_path: Path) -> None:
    assert pair.servers.broker is not None
    environment = pair.environment | {"CELERY_BROKER_URL": f"{pair.servers.broker.url[:-1]}6"}
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", "worker"],
            cwd=ROOT,
            env=child_environment(environment, tmp_path) | {"RECIPROCITY_ENV_FILE": os.devnull},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    began: list[ProcessIdentity] = []
    try:
        _wait(lambda: " ready." in log.read_text(errors="replace"), 90, log)
        began += _session_members(worker.pid)
        assert len(began) == 2, "the one that works, and the clock"
    finally:
        worker.kill()
        worker.wait()
    try:
        _wait(lambda: not any(one.is_alive() for one in began), 10, log)
    finally:
        for one in began:
            end(one, ())
