"""Measure one member's search: exact and through the couples' index, with the recall of the latter.

    .venv/bin/python benchmarks/index_path.py [MEMBERS …]

MEMBERS defaults to 10000 30000. Members hold one to three needs and offers, whose vectors are those
of the time-bank listings in RECIPROCITY_DATA with a little noise, or drawn around topics where the
listings are absent. One PostgreSQL server of its own is started on a free port and stopped.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from app import bootstrap
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.domain.matching.everyone import best_pairs
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import MemberVectors
from app.domain.statements import Kind
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from app.evaluation import speed, timebank_data
from app.evaluation.sources import DataAbsentError
from app.repositories.ai import candidates, embeddings, models
from app.repositories.ai.embeddings import MemberVectorSet, StatementVector
from app.services import search
from app.services.model_registry import register_model
from app.services.steps import Databases
from app.settings import CommandSettings, Sources, load

MODEL = "benchmark"
WIDTH = 384
ASKED = 100
LENGTH = 10


def community(members: int) -> MemberVectors:
    """Give members with one to three needs and offers."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 4, (2, members))
    try:
        data = timebank_data.load()
    except DataAbsentError as absent:
        print(f"{absent}; vectors are drawn around topics instead", file=sys.stderr)
        return speed.community(members)
    owners = [np.repeat(np.arange(members), count) for count in counts]
    sides = []
    for owner, of in zip(owners, (data.requests, data.offers), strict=True):
        found = of.vectors[rng.integers(0, len(of.vectors), len(owner))]
        found = found + 0.01 * rng.standard_normal(found.shape, np.float32)
        sides.append((found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32))
    return MemberVectors(sides[0], owners[0], sides[1], owners[1], members)


def fill(databases: Databases, vectors: MemberVectors) -> float:
    """Store everybody's vectors as the platform does; give the seconds."""
    needs, offers = vectors.first_need(), vectors.first_offer()
    chosen = []
    for member in range(vectors.members):
        said = [
            StatementVector(UUID(int=1 + row), Kind.NEED, vectors.needs[row])
            for row in range(needs[member], needs[member + 1])
        ]
        said += [
            StatementVector(UUID(int=2**40 + row), Kind.OFFER, vectors.offers[row])
            for row in range(offers[member], offers[member + 1])
        ]
        chosen.append(MemberVectorSet(UUID(int=2**41 + member), 1, b"0" * 32, tuple(said)))
    begun = time.perf_counter()
    for start in range(0, len(chosen), 2_000):
        with databases.ai() as ai:
            embeddings.put(ai, MODEL, chosen[start : start + 2_000], datetime.now(UTC))
    return time.perf_counter() - begun


def ask(
    databases: Databases, members: int, asked: np.ndarray, *, index: bool
) -> tuple[float, list[list[int]]]:
    """Give the median milliseconds of a search and each one's ten best partners."""
    everybody = [UUID(int=2**41 + member) for member in range(members)]
    times, lists = [], []
    for member in asked:
        one = search.Search(everybody[member], frozenset())
        begun = time.perf_counter()
        with databases.ai() as ai:
            if index:
                search.ask_index(ai, one, MODEL, WIDTH, 0)
                one.eligible = list(one.near)
            else:
                search.look_at(one, everybody)
            search.rank(ai, one, MODEL, Calibration(), LENGTH)
        times.append(time.perf_counter() - begun)
        partners = [pair.partner(one.user_id).int - 2**41 for pair in one.scored[:LENGTH]]
        lists.append(partners)
    return float(np.median(times)) * 1000.0, lists


def recall(found: list[list[int]], truth: list[list[int]]) -> float:
    """Give the share of the true ten that were found."""
    shares = [len(set(a) & set(b)) / len(b) for a, b in zip(found, truth, strict=True)]
    return float(np.mean(shares))


def measure(databases: PostgreSQLAdapter, members: int) -> None:
    """Fill, ask exactly, build the index, ask through it; print a line for each."""
    vectors = community(members)
    statements = len(vectors.needs) + len(vectors.offers)
    asked = np.random.default_rng(1).choice(members, min(ASKED, members), replace=False)
    table = best_pairs(vectors, length=LENGTH, calibration=Calibration(), members=asked)
    truth = [table.partners(int(member)).tolist() for member in asked]
    print(f"{members:,} members, {statements:,} statements, {os.cpu_count()} cores", flush=True)
    print(f"  vectors and couples stored in {fill(databases, vectors):.1f} s", flush=True)
    took, found = ask(databases, members, asked, index=False)
    print(f"  exact: median {took:.1f} ms, recall@10 {recall(found, truth):.4f}", flush=True)
    begun = time.perf_counter()
    with databases.migrating_ai() as ai:
        models.build_couple_index(ai, MODEL, WIDTH)
    built = time.perf_counter() - begun
    with databases.ai() as ai:
        assert candidates.has_index(ai, MODEL)  # noqa: S101 (else the next line measures nothing)
        row = ai.execute(
            "SELECT relpages * 8192.0 FROM pg_catalog.pg_class WHERE relname = %s",
            (models.index_name("couples", MODEL),),
        ).fetchone()
    size = float(row[0]) / 2**20 if row else float("nan")
    print(f"  index: built in {built:.1f} s, {size:,.0f} MB", flush=True)
    took, found = ask(databases, members, asked, index=True)
    print(f"  index: median {took:.1f} ms, recall@10 {recall(found, truth):.4f}", flush=True)


def main() -> None:
    """Measure each size on servers of its own."""
    for members in [int(word) for word in sys.argv[1:]] or [10_000, 30_000]:
        with temporary_home() as home:
            servers = Embedded(home, broker=False)
            servers.start(ports=Ports.any())
            try:
                values = servers.environment()
                settings = load(
                    CommandSettings, Sources(values, dict.fromkeys(values, "benchmark"))
                )
                made = bootstrap.platform(settings)
                migrate(made.databases, "development")
                with made.databases.migrating_ai() as ai:
                    register_model(ai, MODEL, WIDTH)
                measure(made.databases, members)
                made.databases.close()
            finally:
                servers.stop()


if __name__ == "__main__":
    main()
