"""Match sync: find members' best partners by vectors, and bring the matches into the backend database."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching.pairs import Pair
from app.domain.matching.reasons import Couple, pair
from app.domain.matching.scores import ALGORITHM, Calibration
from app.domain.statements import Kind
from app.repositories.ai import candidates, embeddings
from app.repositories.backend import eligibility, matches, outbox, runs
from app.services import everybody, steps
from app.services.ports import Embedder
from app.services.steps import Databases, OnAI, OnBackend, Outside, Step, Timings

LIST_LENGTH: Final = 20
# How many of a newcomer's best partners are asked whether the newcomer enters their list.
CANDIDATES: Final = 200
# Above this share of the community, all lists are made anew at once: that is quicker.
EVERYBODY_SHARE: Final = 0.02


@dataclass(slots=True)
class MatchJob:
    """Carry what one step of the task leaves to the next. `user_ids` None means everybody."""

    embedder: Embedder
    user_ids: Sequence[UUID] | None
    trigger: str
    calibration: Calibration = field(default_factory=Calibration)
    event_ids: Sequence[int] = ()
    progress: Callable[[float], None] | None = None
    run_id: UUID | None = None
    started_at: datetime | None = None
    community: eligibility.Eligibility | None = None
    decided: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    decided_pairs: list[tuple[UUID, UUID]] = field(default_factory=list)
    tables: dict[Kind, embeddings.VectorTable] = field(default_factory=dict)
    hashes: dict[UUID, bytes] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    listed: set[tuple[UUID, UUID]] = field(default_factory=set)
    stored: int = 0

    @property
    def everybody(self) -> bool:
        """Say whether all lists are made anew."""
        return self.user_ids is None


def _who(backend: BackendConnection, job: MatchJob) -> None:
    job.run_id, job.started_at = runs.start(
        backend,
        trigger=job.trigger,
        model=job.embedder.model,
        algorithm=ALGORITHM,
        method="exact",
    )
    job.community = eligibility.community(backend)
    if job.user_ids is not None:
        if len(job.user_ids) > max(5, EVERYBODY_SHARE * len(job.community.members)):
            job.user_ids = None
        else:
            job.decided = {u: eligibility.decided_partners(backend, u) for u in job.user_ids}
    if job.everybody:
        job.decided_pairs = eligibility.decided_pairs(backend)


def _eligible(job: MatchJob) -> eligibility.Eligibility:
    if job.community is None:
        raise RuntimeError("the community is read by the first step")
    return job.community


def _search(ai: AIConnection, job: MatchJob) -> None:
    community = _eligible(job)
    model = job.embedder.model
    job.hashes = {
        user_id: stored.content_hash
        for user_id, stored in embeddings.stored(ai, model, community.members).items()
    }
    if job.user_ids is None:
        job.tables = {
            kind: embeddings.table(ai, model, kind, job.embedder.dimensions) for kind in Kind
        }
        return
    members = frozenset(community.members)
    for user_id in job.user_ids:
        if user_id in members:
            _search_for(ai, job, user_id)


def _search_for(ai: AIConnection, job: MatchJob, user_id: UUID) -> None:
    model = job.embedder.model
    eligible = [m for m in _eligible(job).members if m not in job.decided[user_id]]
    found = candidates.exact(ai, model, user_id, eligible, job.calibration, limit=CANDIDATES)
    gains: dict[UUID, list[Couple]] = defaultdict(list)
    gives: dict[UUID, list[Couple]] = defaultdict(list)
    for couple in candidates.couples(ai, model, user_id, [c.user_id for c in found]):
        side = gains if couple.i_gain else gives
        side[couple.partner_id].append(Couple(couple.need_id, couple.offer_id, couple.cosine))
    scored = [
        made
        for other in gains
        if (made := pair(user_id, other, gains[other], gives[other], job.calibration)) is not None
    ]
    scored.sort(key=lambda p: (-p.score, p.a, p.b))
    job.pairs.extend(scored)
    job.listed.update((p.a, p.b) for p in scored[:LIST_LENGTH])


def _score(job: MatchJob) -> None:
    if job.user_ids is None:
        job.pairs = everybody.pairs(
            job.tables[Kind.NEED],
            job.tables[Kind.OFFER],
            eligible=_eligible(job).members,
            forbidden=job.decided_pairs,
            calibration=job.calibration,
            length=LIST_LENGTH,
            progress=job.progress,
        )


def _sync(backend: BackendConnection, job: MatchJob) -> None:
    if job.run_id is None or job.started_at is None:
        raise RuntimeError("the run is opened by the first step")
    runs.take_turn(backend, job.started_at)
    community = _eligible(job)
    chosen = job.pairs if job.user_ids is None else _entering(backend, job)
    unjudged = [member for member in community.members if member not in job.hashes]
    job.stored = matches.replace(
        backend,
        job.user_ids,
        [(p, _inputs_hash(job, p)) for p in chosen],
        matches.Origin(job.run_id, job.embedder.model, ALGORITHM, job.started_at),
        unjudged=unjudged,
    )
    without_vectors = len(unjudged)
    runs.finish(
        backend,
        job.run_id,
        state="incomplete" if without_vectors else "ready",
        reason=f"{without_vectors} members have no vectors yet" if without_vectors else "",
        members=len(community.members) if job.user_ids is None else len(job.user_ids),
        eligible=len(community.members),
        pairs=job.stored,
        removed=community.removed
        | {"decided already": len(job.decided_pairs) + sum(map(len, job.decided.values()))}
        | ({"no vectors yet": without_vectors} if without_vectors else {}),
    )
    outbox.done(backend, job.event_ids)


def _entering(backend: BackendConnection, job: MatchJob) -> list[Pair]:
    """Keep the pairs of the members' own lists, and those by which they enter another's."""
    newcomers = frozenset(job.user_ids or ())
    others = {member for p in job.pairs for member in (p.a, p.b)} - newcomers
    lowest = eligibility.lowest_listed(backend, sorted(others), sorted(newcomers), LIST_LENGTH)
    kept = {
        (p.a, p.b): p
        for p in job.pairs
        if (p.a, p.b) in job.listed
        or any(p.score > lowest.get(member, -1.0) for member in {p.a, p.b} - newcomers)
    }
    return list(kept.values())


def _inputs_hash(job: MatchJob, made: Pair) -> bytes:
    return hashlib.sha256(job.hashes[made.a] + job.hashes[made.b]).digest()


STEPS: Sequence[Step[MatchJob]] = (
    OnBackend("find who may be matched", _who),
    OnAI("search", _search),
    Outside("score", _score),
    OnBackend("sync matches", _sync),
)


def run(databases: Databases, job: MatchJob, timings: Timings | None = None) -> MatchJob:
    """Run the whole task; a failure is written down in its run, and raised."""
    try:
        return steps.run(databases, STEPS, job, timings)
    except Exception as error:
        if job.run_id is not None:
            with databases.backend() as backend:
                runs.fail(backend, job.run_id, f"{type(error).__name__}: {error}")
        raise
