"""Two servers of their own with a community of any size, for measuring what runs on databases."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import numpy as np

from app import bootstrap
from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.domain.matching.vectors import MemberVectors
from app.domain.statements import Kind
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from app.evaluation import speed, timebank_data
from app.evaluation.sources import DataAbsentError
from app.repositories.ai import bare, embeddings, models, vector_sets
from app.repositories.ai.embeddings import MemberVectorSet, StatementVector
from app.repositories.backend import bare as backend_bare
from app.services.model_registry import register_model
from app.services.ports import Embedder
from app.settings import CommandSettings, Sources, load

WIDTH: Final = 384
JITTER: Final = 0.01
_BATCH: Final = 2_000
# So many batches are copied a second time by hand, to stand beside the platform's way.
_COPIED: Final = 3
_BARE: Final = "bare copy"
_MEMBERS, _NEEDS, _OFFERS, _SUMMARIES = 2**41, 1, 2**40, 2**42


@dataclass(frozen=True, slots=True)
class Ground:
    """Hold a running pair of servers with the platform's own doors and model."""

    databases: PostgreSQLAdapter
    embedder: Embedder
    servers: Sequence[int] = ()  # their processes, where they are a measurement's own

    @property
    def model(self) -> str:
        """Name the set of vectors."""
        return self.embedder.model


@contextmanager
def ground() -> Iterator[Ground]:
    """Start two servers on free ports, migrate them, and stop them afterwards."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    with temporary_home() as home:
        servers = Embedded(home, broker=False)
        servers.start(ports=Ports.any())
        try:
            values = servers.environment()
            sources = Sources(values, dict.fromkeys(values, "a measurement's own servers"))
            made = bootstrap.platform(load(CommandSettings, sources))
            made.databases.after_work_written = None  # the work is done here, not by a worker
            migrate(made.databases, "development")
            with made.databases.migrating_ai() as ai:
                register_model(ai, made.embedder.model, made.embedder.dimensions)
            processes = [one.pid for one in (servers.ai, servers.backend) if one.pid is not None]
            yield Ground(made.databases, made.embedder, processes)
            made.databases.close()
        finally:
            servers.stop()


def community(members: int) -> tuple[MemberVectors, str]:
    """Give members with one to three needs and offers, and say where their vectors come from."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 4, (2, members))
    try:
        data = timebank_data.load()
    except DataAbsentError:
        return speed.community(members), "drawn around 400 topics (no time-bank texts here)"
    owners = [np.repeat(np.arange(members), count) for count in counts]
    sides = []
    for owner, of in zip(owners, (data.requests, data.offers), strict=True):
        found = of.vectors[rng.integers(0, len(of.vectors), len(owner))]
        for begin in range(0, len(found), 10_000):
            part = found[begin : begin + 10_000]
            part += np.float32(JITTER) * rng.standard_normal(part.shape, np.float32)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        sides.append(found)
    made = MemberVectors(sides[0], owners[0], sides[1], owners[1], members)
    return made, f"time-bank texts' vectors with noise of {JITTER} a component"


def member_id(member: int) -> UUID:
    """Give the id of the member of this number."""
    return UUID(int=_MEMBERS + member)


def member_of(user_id: UUID) -> int:
    """Give the number of the member with this id."""
    return user_id.int - _MEMBERS


def need_id(row: int) -> UUID:
    """Give the id of the need in this row."""
    return UUID(int=_NEEDS + row)


def offer_id(row: int) -> UUID:
    """Give the id of the offer in this row."""
    return UUID(int=_OFFERS + row)


def member_sets(vectors: MemberVectors) -> list[MemberVectorSet]:
    """Give what is stored of each member, in their order."""
    needs, offers = vectors.first_need(), vectors.first_offer()
    chosen = []
    for member in range(vectors.members):
        said = [
            StatementVector(need_id(row), Kind.NEED, vectors.needs[row])
            for row in range(needs[member], needs[member + 1])
        ]
        said += [
            StatementVector(offer_id(row), Kind.OFFER, vectors.offers[row])
            for row in range(offers[member], offers[member + 1])
        ]
        chosen.append(MemberVectorSet(member_id(member), 1, b"0" * 32, tuple(said)))
    return chosen


@dataclass(frozen=True, slots=True)
class Loaded:
    """Say how long loading took: all of it, and some batches by both ways, one after the other."""

    statements: int
    couples: int
    seconds: float
    compared: float
    copied: float


def load_vectors(
    on: Ground, vectors: MemberVectors, tell: Callable[[float], None] = lambda _share: None
) -> Loaded:
    """Store everybody's vectors as the platform does; some batches are copied by hand as well."""
    sets, at = member_sets(vectors), datetime.now(UTC)
    with on.databases.ai() as ai:
        models.register(ai, _BARE, WIDTH, at)
    took = 0.0
    compared: list[float] = []
    copied: list[float] = []
    for start in range(0, len(sets), _BATCH):
        batch = sets[start : start + _BATCH]
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            embeddings.put(ai, on.model, batch, at)
        took += time.perf_counter() - begun
        if not copied or (len(copied) < _COPIED and len(batch) == _BATCH):
            compared.append(time.perf_counter() - begun)
            rows = encoded(batch, _BARE)
            begun = time.perf_counter()
            with on.databases.ai() as ai:
                bare.copy_rows(ai, *rows)
            copied.append(time.perf_counter() - begun)
        tell(min(1.0, (start + _BATCH) / len(sets)))
    with on.databases.ai() as ai:
        vector_sets.empty(ai, _BARE)
    with on.databases.migrating_ai() as migrating:
        vector_sets.forget(migrating, _BARE)
        bare.analyze(migrating)
    needs = np.bincount(vectors.need_member, minlength=vectors.members)
    offers = np.bincount(vectors.offer_member, minlength=vectors.members)
    statements = len(vectors.needs) + len(vectors.offers)
    return Loaded(statements, int((needs * offers).sum()), took, sum(compared), sum(copied))


def encoded(batch: Sequence[MemberVectorSet], name: str) -> tuple[bytes, bytes, bytes]:
    """Encode the rows of the three tables of vectors in COPY's binary format, for a model's name."""
    model, moment = name.encode(), struct.pack(">q", 0)
    tables: list[list[bytes]] = [[], [], []]
    for one in batch:
        owner = one.user_id.bytes
        tables[0].append(_row(owner, model, struct.pack(">i", 1), one.content_hash, moment))
        for said in one.vectors:
            vector = struct.pack(">HH", WIDTH, 0) + said.vector.astype(">f4").tobytes()
            tables[1].append(
                _row(said.statement_id.bytes, model, owner, said.kind.value.encode(), vector)
            )
        for offer, need in embeddings.couples(one.vectors):
            halves = np.concatenate((offer.vector, need.vector)).astype(">f2")
            vector = struct.pack(">HH", 2 * WIDTH, 0) + halves.tobytes()
            tables[2].append(
                _row(offer.statement_id.bytes, need.statement_id.bytes, model, owner, vector)
            )
    head, tail = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0), struct.pack(">h", -1)
    made = [head + b"".join(rows) + tail for rows in tables]
    return made[0], made[1], made[2]


def _row(*cells: bytes) -> bytes:
    return struct.pack(">h", len(cells)) + b"".join(
        struct.pack(">i", len(cell)) + cell for cell in cells
    )


def load_members(on: Ground, vectors: MemberVectors) -> None:
    """Make everybody's account, approved summary and statements in the backend database."""
    members = [(member_id(m), UUID(int=_SUMMARIES + m)) for m in range(vectors.members)]

    def statements() -> Iterator[tuple[UUID, UUID, UUID, str, int, str]]:
        for kind, owners, name in (
            ("need", vectors.need_member, need_id),
            ("offer", vectors.offer_member, offer_id),
        ):
            place, last = 0, -1
            for row, owner in enumerate(owners.tolist()):
                place = place + 1 if owner == last else 0
                last = owner
                user_id, summary = members[owner]
                yield name(row), user_id, summary, kind, place, f"{kind} {row}"

    with on.databases.backend() as backend:
        backend_bare.load(backend, members, statements(), datetime.now(UTC))
    with on.databases.migrating_backend() as migrating:
        backend_bare.analyze(migrating)
