"""Time the members' and the operators' pages with a community of members from a file.

    .venv/bin/python benchmarks/operator_pages.py [FILE]

FILE defaults to timebanks/members.jsonl in RECIPROCITY_DATA (default ../shared/data), then to the
sample community. Two servers of their own are started on free ports and stopped afterwards.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

import pages  # type: ignore[import-not-found]  # it stands beside this file
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import bootstrap
from app.adapters import member_files
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from app.main import create_app
from app.sample import community_path
from app.services import demo_sign_ins, import_members
from app.services.model_registry import register_model
from app.settings import ApiSettings, CommandSettings, Sources, load
from app.workers.relay import Relay

TIMES = 20


def _file() -> Path:
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    data = Path(os.environ.get("RECIPROCITY_DATA", "../shared/data")) / "timebanks/members.jsonl"
    return data if data.exists() else community_path()


def _fill(servers: Embedded, file: Path) -> int:
    """Import a community and match it; give how many members it has."""
    values = servers.environment()
    made = bootstrap.platform(load(CommandSettings, Sources(values, dict.fromkeys(values, "here"))))
    made.databases.after_work_written = None  # the work is done here, not by a worker
    migrate(made.databases, "development")
    with made.databases.migrating_ai() as ai:
        register_model(ai, made.embedder.model, made.embedder.dimensions)
    rows = member_files.read(file)
    created = import_members.import_members(
        made.databases, rows, approve=True, progress=lambda _count: None
    ).created
    Relay(made.databases, made.embedder).look()
    made.databases.close()
    return created


def _measure(servers: Embedded, file: Path) -> None:
    members = _fill(servers, file)
    values = servers.environment() | {"RECIPROCITY_ENVIRONMENT": "development"}
    app = create_app(load(ApiSettings, Sources(values, dict.fromkeys(values, "here"))))
    with TestClient(app) as client:
        databases = app.state.members.databases
        member, operator = demo_sign_ins.make(databases, [_with_most_matches(databases)])
        pages.sign_in(client, operator)
        with databases.backend() as backend:
            one, other = (
                row[0]
                for row in backend.execute(
                    "SELECT id FROM users WHERE onboarding_status = 'completed' ORDER BY id LIMIT 2"
                ).fetchall()
            )
        print(f"{file.name}: {members} members on {os.cpu_count()} cores")
        print(f"{'page':<28} {'median ms':>10} {'slowest ms':>11}")
        _of_a_member(client, app, member)
        for name, path in {
            "/operator": "/operator",
            "/operator/members?q=": "/operator/members?q=example",
            "/operator/members/ID": f"/operator/members/{one}",
            "/operator/why": f"/operator/why?missing={other}&owner={one}",
            "/operator/reports": "/operator/reports",
            "/operator/quality": "/operator/quality",
            "/operator/outbox": "/operator/outbox",
            "/operator/audit": "/operator/audit",
        }.items():
            times = [pages.took(client, path) for _ in range(TIMES + 1)][1:]
            print(f"{name:<28} {statistics.median(times):>10.1f} {max(times):>11.1f}")


def _with_most_matches(databases: PostgreSQLAdapter) -> str:
    """Name the member whose list is the longest to show, by e-mail address."""
    with databases.backend() as backend:
        ((email,),) = backend.execute(
            "SELECT u.email FROM users u JOIN matches m ON u.id IN (m.user_a_id, m.user_b_id)"
            " GROUP BY u.email ORDER BY count(*) DESC, u.email LIMIT 1"
        ).fetchall()
    return str(email)


def _of_a_member(running: TestClient, app: FastAPI, member: demo_sign_ins.SignIn) -> None:
    client = TestClient(app)
    client.portal = running.portal  # the application runs already
    pages.sign_in(client, member)
    for path in pages.PAGES:
        times = [pages.took(client, path) for _ in range(TIMES + 1)][1:]
        print(f"{path:<28} {statistics.median(times):>10.1f} {max(times):>11.1f}")


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
