"""Time `reciprocity reconcile` where nothing differs, and where little does.

    .venv/bin/python benchmarks/reconcile.py [MEMBERS]

MEMBERS defaults to 100,000, each with three needs and three offers of about a hundred characters.
The rows are made by SQL on two servers of their own, which are stopped afterwards.
"""

from __future__ import annotations

import os
import platform
import sys
import time

from app import bootstrap
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.provisioning import AI_DATABASE, BACKEND_DATABASE, provision
from app.embedded.state import Ports
from app.repositories.ai import digests as ai_digests
from app.repositories.ai import vector_sets
from app.repositories.backend import digests
from app.services import reconcile
from app.services.model_registry import register_model
from app.services.steps import Timings
from app.settings import CommandSettings, Sources, load

_COMMUNITY = """
INSERT INTO users (id, first_name, last_name, email, onboarding_status, is_active, allow_matching,
                   is_email_verified, created_at, updated_at)
SELECT gen_random_uuid(), 'Member', n::text, 'member' || n || '@example.org', 'completed', true, true,
       true, now(), now() FROM generate_series(1, {members}) n;
INSERT INTO user_summaries (id, user_id, status, summary, version, webhook, urgency, created_at,
                            updated_at)
SELECT gen_random_uuid(), id, 'approved', 'a summary', 1, false, 'ongoing', now(), now() FROM users;
INSERT INTO statements (id, user_id, summary_id, kind, position, text, created_at)
SELECT gen_random_uuid(), s.user_id, s.id, kind, position,
       md5(random()::text) || ' ' || md5(random()::text) || ' ' || md5(random()::text), now()
FROM user_summaries s, unnest(ARRAY['need', 'offer']) kind, generate_series(0, 2) position;
ANALYZE;
"""


def _fill(servers: Embedded, databases: PostgreSQLAdapter, vector_set: str, members: int) -> None:
    provision(servers.backend, _COMMUNITY.format(members=members), database=BACKEND_DATABASE)
    with databases.backend() as backend:
        known = digests.members(backend, list(digests.buckets(backend)))
    with databases.ai() as ai, ai.cursor() as cursor:
        columns = "user_id, model, summary_version, content_hash, embedded_at"
        with cursor.copy(f"COPY member_vectors ({columns}) FROM STDIN") as copy:
            for user_id, one in known.items():
                copy.write_row((user_id, vector_set, one.version, one.content_hash, "now"))
    provision(servers.ai, "ANALYZE;", database=AI_DATABASE)


def _time(databases: PostgreSQLAdapter, what: str) -> None:
    timings, begun = Timings(), time.perf_counter()
    report = reconcile.reconcile(databases, mend=False, timings=timings)
    stages = ", ".join(f"{name} {took:.2f}" for name, took in timings.seconds.items())
    print(f"{what}: {time.perf_counter() - begun:.2f} s, {len(report.found)} differ ({stages})")


def _measure(servers: Embedded, members: int) -> None:
    values = servers.environment()
    settings = load(CommandSettings, Sources(values, dict.fromkeys(values, "benchmark")))
    made = bootstrap.platform(settings)
    databases = made.databases
    databases.after_work_written = None
    migrate(databases, "development")
    with databases.migrating_ai() as ai:
        register_model(ai, made.embedder.model, made.embedder.dimensions)
        vector_set = vector_sets.serving(ai, made.embedder.model)
    _fill(servers, databases, vector_set, members)
    print(f"{members} members on {os.cpu_count()} cores, {platform.machine()}")
    for _ in range(3):
        _time(databases, "nothing differs")
    provision(
        servers.ai,
        "DELETE FROM member_vectors WHERE user_id IN (SELECT user_id FROM member_vectors LIMIT 10);",
        database=AI_DATABASE,
    )
    _time(databases, "ten are missing")
    provision(servers.ai, "DELETE FROM member_vectors;", database=AI_DATABASE)
    _time(databases, "all are missing")
    begun = time.perf_counter()
    with databases.ai() as ai:
        ai_digests.versions(ai, vector_set)
    with databases.backend() as backend:
        digests.versions(backend)
    print(f"versions of everybody, as the metrics read them: {time.perf_counter() - begun:.2f} s")
    databases.close()


def main() -> None:
    """Start servers, measure, stop them."""
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with temporary_home() as home:
        servers = Embedded(home, broker=False)
        servers.start(ports=Ports.any())
        try:
            _measure(servers, members)
        finally:
            servers.stop()


if __name__ == "__main__":
    main()
