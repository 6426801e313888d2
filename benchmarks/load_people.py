"""Let members of a running installation be played: sessions, open conversations, and newcomers.

    eval "$(reciprocity env)"; .venv/bin/python benchmarks/load_people.py PLAYED NEWCOMERS FILE

Writes FILE, readable by its owner only, for benchmarks/load.py. It is for installations made for
measuring: pairs say yes to each other that nobody asked.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.adapters.postgresql import PostgreSQLAdapter
from app.domain.decisions import Choice
from app.repositories.backend import users
from app.services import decisions, introductions, sessions
from app.settings import DatabaseSettings, load


def _session(databases: PostgreSQLAdapter, user_id: UUID) -> dict[str, Any]:
    with databases.backend() as backend:
        browser, _ = sessions.start(backend, user_id, "browser", "load")
        bearer, _ = sessions.start(backend, user_id, "bearer", "load")
    return {"browser": browser.secret, "bearer": bearer.secret, "talks": [], "open": []}


def _pairs(databases: PostgreSQLAdapter, member: UUID) -> list[tuple[UUID, UUID]]:
    with databases.backend() as backend:
        found = introductions.of_member(backend, member, limit=6).introductions
    return [(one.match_id, one.partner_id) for one in found]


def _talk(databases: PostgreSQLAdapter, member: UUID, partner: UUID, match: UUID) -> None:
    for who in (member, partner):
        with databases.backend() as backend:
            decisions.decide(backend, who, match, Choice.YES)


def main() -> None:
    """Write the file."""
    played, newcomers = int(sys.argv[1]), int(sys.argv[2])
    databases = PostgreSQLAdapter(load(DatabaseSettings))
    with databases.backend() as backend:
        rows = backend.execute(
            "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM matches m"
            " WHERE u.id IN (m.user_a_id, m.user_b_id)) ORDER BY u.id LIMIT %s",
            (played,),
        ).fetchall()
    people = {row[0]: _session(databases, row[0]) for row in rows}
    for member, known in people.items():
        for match, partner in _pairs(databases, member):
            if not known["talks"] and partner in people and not people[partner]["talks"]:
                _talk(databases, member, partner, match)
                known["talks"].append(str(match))
                people[partner]["talks"].append(str(match))
            else:
                known["open"].append(str(match))
    new = []
    for number in range(newcomers):
        with databases.backend() as backend:
            made = users.insert(
                backend,
                email=f"newcomer{number}-{os.getpid()}@load.example",
                first_name="New",
                last_name=str(number),
                at=datetime.now(UTC),
            )
        if made is not None:
            new.append(_session(databases, made))
    file = Path(sys.argv[3])
    file.touch(mode=0o600)
    file.write_text(json.dumps({"members": list(people.values()), "newcomers": new}))
    talking = sum(bool(one["talks"]) for one in people.values())
    print(f"{len(people)} members can be played, {talking} of them talk; {len(new)} newcomers")
    databases.close()


if __name__ == "__main__":
    main()
