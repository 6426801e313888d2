"""Time searches and newcomers in a large community that benchmarks/large_community.py has made.

    export RECIPROCITY_HOME=...; .venv/bin/reciprocity up --any-port --only-servers &
    eval "$(.venv/bin/reciprocity env)"; .venv/bin/reciprocity migrate
    .venv/bin/python benchmarks/large_searches.py 100000

The same figures as `reciprocity benchmark --only members`, without filling the databases again. No
worker may run beside it: the newcomers' work is done and timed here.
"""

from __future__ import annotations

import json
import os
import sys

from app import bootstrap
from app.evaluation import speed_ground, speed_newcomers, speed_searches
from app.evaluation.progress import Teller
from app.evaluation.speed_ground import Ground
from app.settings import CommandSettings, load
from app.workers.relay import Relay


def main() -> None:
    """Print what was measured, as JSON."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    platform = bootstrap.platform(load(CommandSettings))
    platform.databases.after_work_written = None
    on, tell = Ground(platform.databases, platform.embedder), Teller()
    vectors, source = speed_ground.community(int(sys.argv[1]))
    asked = speed_searches.asked_members(vectors.members)
    true = speed_searches.truth(vectors, asked)

    def look(ground: Ground) -> object:
        return Relay(ground.databases, ground.embedder).look()

    found = {
        "members": vectors.members,
        "vectors from": source,
        "searches": speed_searches.exact(on, vectors, asked, true, tell),
        "index": speed_searches.through_index(on, asked, true, tell),
        "newcomers": speed_newcomers.measure(on, vectors, look, tell),
    }
    print(json.dumps(found, indent=1))
    on.databases.close()


if __name__ == "__main__":
    main()
