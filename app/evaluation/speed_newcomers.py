"""How long it takes from a member's approval to matches in both sides' lists, beside its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final
from uuid import UUID

import numpy as np

from app.adapters import member_files
from app.adapters.embedding import build_embedder
from app.domain.matching.couples import Gains
from app.domain.matching.everyone import best_pairs
from app.domain.matching.pair_table import PairTable
from app.domain.matching.pairs import Pair, Reason
from app.domain.matching.scores import ALGORITHM, Calibration
from app.domain.matching.vectors import Indices, MemberVectors
from app.domain.member_rows import BadRow, MemberRow
from app.domain.statements import content_hash
from app.evaluation.process_memory import proportional_megabytes, with_children
from app.evaluation.speed_ground import Ground, encoded, member_id, need_id, offer_id
from app.repositories.ai import bare, candidates, embeddings
from app.repositories.ai.embeddings import MemberVectorSet, StatementVector
from app.repositories.backend import bare as backend_bare
from app.repositories.backend import eligibility, runs, statements, users, written_matches
from app.repositories.backend import summaries as written_summaries
from app.sample import community_path
from app.services import import_members, match_sync, search, summaries

NEWCOMERS: Final = 33
_FIRST: Final = 8  # of them open connections, warm the model, and have statements prepared
Tell = Callable[[str, float], None]
Look = Callable[[Ground], object]


def measure(on: Ground, vectors: MemberVectors, look: Look, tell: Tell) -> dict[str, float | str]:
    """Approve newcomers one after another; time the whole, and each of its parts done bare.

    Whoever comes second finds in memory what the first one read, so the parts come first for every
    other newcomer, and the ratio is the geometric mean of both orders.
    """
    rows = _newcomers()
    tell("fill the lists that newcomers enter", 0.0)
    _fill_lists(on, vectors, rows)
    took: list[dict[str, float]] = []
    for done, row in enumerate(rows, 1):
        user_id = _arrive(on, row)
        parts_first = done % 2 == 0
        parts = _search_bare(on, user_id, vectors.members) if parts_first else {}
        begun = time.perf_counter()
        with on.databases.backend() as backend:
            summaries.approve(backend, user_id)
        look(on)
        whole = time.perf_counter() - begun
        look(on)  # whatever else it led to
        parts = parts or _search_bare(on, user_id, vectors.members)
        _insert_bare(on, user_id, parts)
        took.append(parts | {"whole": whole})
        tell("newcomers", done / len(rows))
    some = took[_FIRST:]
    names = ("embedding", "candidates", "re-rank", "inserts")
    over = [one["whole"] / sum(one[part] for part in names) for one in some]
    made: dict[str, float | str] = {
        f"{name} ms": round(float(np.median([one[name] for one in some])) * 1000.0, 2)
        for name in ("whole", *names)
    }
    made["pairs"] = float(np.median([one["pairs"] for one in some]))
    made["over parts"] = round(float(np.exp(np.mean(np.log(over)))), 3)
    made["servers MB"] = round(
        proportional_megabytes(p for one in on.servers for p in with_children(one))
    )
    with on.databases.backend() as backend:
        last = runs.last(backend)
    made["method"] = "" if last is None else last.method
    return made


def _newcomers() -> list[MemberRow]:
    rows = member_files.read(community_path())
    both = (
        row[1] for row in rows if not isinstance(row, BadRow) and row[1].needs and row[1].offers
    )
    return list(islice(both, NEWCOMERS))


def _arrive(on: Ground, row: MemberRow) -> UUID:
    import_members.import_members(
        on.databases, [(1, row)], approve=False, progress=lambda _count: None
    )
    with on.databases.backend() as backend:
        return users.by_email(backend, row.email).id


def _fill_lists(on: Ground, vectors: MemberVectors, rows: list[MemberRow]) -> None:
    """Give a list to everybody whom a newcomer may be shown to, as they have in a running place."""
    said = [(who, row) for who, row in enumerate(rows, vectors.members)]
    embedder = build_embedder()  # the platform's own would remember what newcomers say
    texts = [(who, text) for who, row in said for text in row.needs]
    offers = [(who, text) for who, row in said for text in row.offers]
    together = MemberVectors(
        np.concatenate((vectors.needs, embedder.embed([text for _who, text in texts]))),
        np.concatenate((vectors.need_member, [who for who, _text in texts])),
        np.concatenate((vectors.offers, embedder.embed([text for _who, text in offers]))),
        np.concatenate((vectors.offer_member, [who for who, _text in offers])),
        vectors.members + len(rows),
    )
    new = np.arange(vectors.members, together.members)
    near = best_pairs(
        together, length=match_sync.CANDIDATES, calibration=Calibration(), members=new
    )
    concerned = np.unique(np.concatenate((near.a, near.b)))
    concerned = concerned[concerned < vectors.members]
    table = best_pairs(
        vectors, length=match_sync.LIST_LENGTH, calibration=Calibration(), members=concerned
    )
    _store(on, concerned, _pairs(table))


def _pairs(table: PairTable) -> list[Pair]:
    def reason(gains: Gains, k: int) -> Reason:
        cosine = min(1.0, max(-1.0, float(gains.cosine[k])))
        need, offer = need_id(int(gains.need[k])), offer_id(int(gains.offer[k]))
        return Reason(need, offer, cosine, float(gains.gain[k]))

    return [
        Pair(member_id(a), member_id(b), score, reason(table.a_gains, k), reason(table.b_gains, k))
        for k, (a, b, score) in enumerate(
            zip(table.a.tolist(), table.b.tolist(), table.score.tolist(), strict=True)
        )
    ]


def _store(on: Ground, concerned: Indices, pairs: list[Pair]) -> None:
    with on.databases.backend() as backend:
        run_id, started_at = runs.start(
            backend, trigger="benchmark", model=on.model, algorithm=ALGORITHM, method="exact"
        )
        written_matches.replace(
            backend,
            [member_id(member) for member in concerned.tolist()],
            [(pair, b"0" * 32) for pair in pairs],
            written_matches.Origin(run_id, on.model, ALGORITHM, "exact", started_at),
        )
    with on.databases.migrating_backend() as migrating:
        backend_bare.vacuum(migrating)


def _search_bare(on: Ground, user_id: UUID, members: int) -> dict[str, float]:
    """Do by hand what a newcomer's approval does up to their list; no vector of it stays."""
    with on.databases.backend() as backend:
        summary = written_summaries.current(backend, user_id)
        said = statements.of_summary(backend, summary.id)
    took: dict[str, float] = {}
    # Other words of the same length, as the model remembers the texts that it has just seen.
    others = [f"{one.text[1:]}." for one in said]
    with _timed(took, "embedding"):
        vectors = on.embedder.embed(others)
    sets = [
        MemberVectorSet(
            user_id, summary.version, content_hash(said),
            tuple(StatementVector(s.id, s.kind, v) for s, v in zip(said, vectors, strict=True)),
        )
    ]  # fmt: skip
    rows = encoded(sets, on.model)
    with on.databases.ai() as ai:
        embeddings.remove_from(ai, on.model, [user_id])
    with _timed(took, "inserts"), on.databases.ai() as ai:
        bare.copy_rows(ai, *rows)
    best = _candidates(on, user_id, members, took)
    with _timed(took, "re-rank"), on.databases.ai() as ai:
        candidates.best_couples(ai, on.model, user_id, best)
    with on.databases.ai() as ai:
        embeddings.remove_from(ai, on.model, [user_id])
    return took


def _insert_bare(on: Ground, user_id: UUID, took: dict[str, float]) -> None:
    """Write by hand the matches that an approval led to; add the time and their number."""
    with on.databases.backend() as backend:
        known = backend_bare.matches_of(backend, user_id)
    with on.databases.backend() as backend:
        backend_bare.remove_matches(backend, user_id)
    with _timed(took, "inserts"), on.databases.backend() as backend:
        backend_bare.insert_matches(backend, known)
    took["pairs"] = float(len(known.matches))


def _candidates(on: Ground, user_id: UUID, members: int, took: dict[str, float]) -> list[UUID]:
    """Ask as the platform does at this size, the index or everybody; then who may be matched."""
    calibration, most = Calibration(), match_sync.CANDIDATES
    with on.databases.ai() as ai:
        indexed = members >= match_sync.LARGE and candidates.has_index(ai, on.model)
    with _timed(took, "candidates"):
        with on.databases.ai() as ai:
            if indexed:
                limit, breadth = search.ASKINGS[0]
                near = candidates.nearest(
                    ai, on.model, on.embedder.dimensions, user_id, limit=limit, breadth=breadth
                )
            else:
                found = candidates.exact(ai, on.model, user_id, None, calibration, limit=most)
                near = [one.user_id for one in found]
        with on.databases.backend() as backend:
            allowed = eligibility.among(backend, near)
    eligible = [one for one in near if one in allowed]
    if not indexed:
        return eligible
    with _timed(took, "re-rank"), on.databases.ai() as ai:
        return bare.best(ai, on.model, user_id, eligible, calibration, limit=most)


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    took[name] = took.get(name, 0.0) + time.perf_counter() - begun
