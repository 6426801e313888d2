"""Time the main job: from a file of members to finished matches, stage by stage.

    .venv/bin/python benchmarks/main_job.py [FILE]

FILE defaults to timebanks/members.jsonl in RECIPROCITY_DATA (default ../shared/data), then to the
sample community. Two servers of their own are started on free ports and stopped afterwards.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

from app import bootstrap
from app.adapters import member_files
from app.adapters.migrations import migrate
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from app.sample import community_path
from app.services import import_members
from app.services.model_registry import register_model
from app.settings import CommandSettings, Sources, load
from app.workers.relay import Relay


def _file() -> Path:
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    data = Path(os.environ.get("RECIPROCITY_DATA", "../shared/data")) / "timebanks/members.jsonl"
    if data.exists():
        return data
    print(f"{data} is absent; the sample community is taken instead", file=sys.stderr)
    return community_path()


def _measure(servers: Embedded, file: Path) -> None:
    values = servers.environment()
    settings = load(CommandSettings, Sources(values, dict.fromkeys(values, "benchmark")))
    made = bootstrap.platform(settings)
    made.databases.after_work_written = None  # the work is done here, not by a worker
    migrate(made.databases, "development")
    with made.databases.migrating_ai() as ai:
        register_model(ai, made.embedder.model, made.embedder.dimensions)
    stages: dict[str, float] = {}
    begun = time.perf_counter()
    rows = member_files.read(file)
    stages["read the file"] = time.perf_counter() - begun
    since = time.perf_counter()
    report = import_members.import_members(
        made.databases, rows, approve=True, progress=lambda _count: None
    )
    stages["import and approve"] = time.perf_counter() - since
    relay = Relay(made.databases, made.embedder)
    relay.look()
    stages |= relay.timings.seconds
    total = time.perf_counter() - begun
    print(f"{file.name}: {report.created} members on {os.cpu_count()} cores, {platform.machine()}")
    print(f"total {total:.1f} s, {report.created / total:.0f} members a second")
    for name, seconds in stages.items():
        print(f"  {name:26} {seconds:6.2f} s")
    made.databases.close()


def main() -> None:
    """Start servers, measure, stop them."""
    with temporary_home() as home:
        servers = Embedded(home, broker=False)
        servers.start(ports=Ports.any())
        try:
            _measure(servers, _file())
        finally:
            servers.stop()


if __name__ == "__main__":
    main()
