"""Fill a running, empty installation with a large community, for measurements.

    export RECIPROCITY_HOME=...; .venv/bin/reciprocity up --any-port --detach
    eval "$(.venv/bin/reciprocity env)"
    .venv/bin/python benchmarks/large_community.py 100000
    .venv/bin/reciprocity match-sync --wait          everybody's matches

Members have one to three needs and offers, whose vectors are time-bank texts' with a little noise; their
words are only numbered. Vectors, couples and their index, accounts, summaries and statements are written
as the platform would have written them, so that `reciprocity reconcile` finds nothing to mend.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from app import bootstrap
from app.domain.statements import Kind, Statement, content_hash
from app.evaluation import speed_ground
from app.evaluation.speed_ground import Ground
from app.repositories.ai import bare, embeddings, models
from app.repositories.ai.embeddings import MemberVectorSet
from app.settings import CommandSettings, load

_BATCH = 2_000
# Statements are numbered from here on, see speed_ground.
_FIRST = {Kind.NEED: speed_ground.need_id(0).int, Kind.OFFER: speed_ground.offer_id(0).int}


def _hashed(one: MemberVectorSet) -> MemberVectorSet:
    """Give the set the digest of what speed_ground.load_members lets the member say."""
    said = []
    for kind in Kind:
        rows = [v.statement_id for v in one.vectors if v.kind == kind]
        for place, row in enumerate(rows):
            said.append(
                Statement(row, one.user_id, kind, place, f"{kind} {row.int - _FIRST[kind]}")
            )
    return replace(one, content_hash=content_hash(said))


def main() -> None:
    """Fill it."""
    members = int(sys.argv[1])
    platform = bootstrap.platform(load(CommandSettings))
    on = Ground(platform.databases, platform.embedder)
    vectors, source = speed_ground.community(members)
    print(f"{members:,} members; {source}", flush=True)
    begun = time.perf_counter()
    speed_ground.load_members(on, vectors)
    print(
        f"accounts, summaries and statements after {time.perf_counter() - begun:.0f} s", flush=True
    )
    at = datetime.now(UTC)
    sets = [_hashed(one) for one in speed_ground.member_sets(vectors)]
    for start in range(0, members, _BATCH):
        with on.databases.ai() as ai:
            embeddings.put(ai, on.model, sets[start : start + _BATCH], at)
    print(f"vectors and couples after {time.perf_counter() - begun:.0f} s", flush=True)
    with on.databases.migrating_ai() as migrating:
        models.build_couple_index(migrating, on.model, speed_ground.WIDTH)
        bare.analyze(migrating)
    print(f"the index after {time.perf_counter() - begun:.0f} s", flush=True)
    on.databases.close()


if __name__ == "__main__":
    main()
