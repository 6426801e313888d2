"""The speed of what runs on databases is measured on servers of its own, beside its baselines."""

from __future__ import annotations

from pathlib import Path

from app.evaluation import speed_parts, speed_tables
from app.evaluation.speed_ground import Ground
from app.workers.relay import Relay


def _look(on: Ground) -> int:
    return Relay(on.databases, on.embedder).look()


def test_a_small_community_gives_every_table_and_the_exact_search_finds_everybody(
    tmp_path: Path,
) -> None:
    file = tmp_path / "speed.json"
    told: list[str] = []
    chosen = [("members", 300)]
    done = speed_parts.measure(
        chosen, file, _look, lambda name, _share: told.append(name), index=True
    )
    assert list(done) == chosen
    kept = speed_parts.kept_in(file)
    found = kept["members"]["300"]
    assert found["searches"]["exact recall"] == 1.0
    assert found["searches"]["same people"] == 1.0
    assert found["index"]["index recall"] >= 0.99
    assert found["newcomers"]["pairs"] >= 20
    assert found["loading"]["copied"] >= 0
    assert {"load vectors", "newcomers"} <= set(told)
    assert len(speed_tables.tables(kept)) == 5
