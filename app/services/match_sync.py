"""Match sync: find members' best partners by vectors, and bring the matches into the backend database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching.pair_table import PairTable
from app.domain.matching.pairs import Pair
from app.domain.matching.rounds import FAIRNESS, RoundSettings, trusted
from app.domain.matching.scores import ALGORITHM
from app.domain.statements import Kind
from app.repositories.ai import candidates, embeddings, vector_sets
from app.repositories.backend import eligibility, expiry, haste, outbox, runs, written_matches
from app.services import everybody, judgement, newcomers_pairs, rounds, search, steps
from app.services.judgement import Judgement
from app.services.model_registry import COUPLES_INDEXED_FROM
from app.services.ports import Embedder
from app.services.steps import Databases, OnAI, OnBackend, Outside, Step, Timings

LIST_LENGTH: Final = 20
# How many of a newcomer's best partners are asked whether the newcomer enters their list.
CANDIDATES: Final = 200
# So many members' statements are worth no plan of their own; for more, plans look at how many.
FEW: Final = 10
# Above this share of the community, all lists are made anew at once: that is quicker.
EVERYBODY_SHARE: Final = 0.02
# From so many accounts on, a few members are matched through the index and not by reading everybody.
LARGE: Final = COUPLES_INDEXED_FROM


@dataclass(slots=True)
class MatchJob:
    """Carry what one step of the task leaves to the next. `user_ids` None means everybody.

    `community` stays None where only a few members are matched: nobody else's state is read.
    """

    embedder: Embedder
    user_ids: Sequence[UUID] | None
    trigger: str
    fairness: float = FAIRNESS
    event_ids: Sequence[int] = ()
    progress: Callable[[float], None] | None = None
    large: bool = False
    run_id: UUID | None = None
    started_at: datetime | None = None
    community: eligibility.Eligibility | None = None
    judged_by: Judgement = field(default_factory=Judgement)
    removed: Counter[str] = field(default_factory=Counter)
    round: rounds.Round | None = None
    searches: list[search.Search] = field(default_factory=list)
    asked: list[search.Search] = field(default_factory=list)
    decided_pairs: list[tuple[UUID, UUID]] = field(default_factory=list)
    tables: dict[Kind, embeddings.VectorTable] = field(default_factory=dict)
    hashes: dict[UUID, bytes] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def method(self) -> search.Method:
        """Say whether every list of this run is exact."""
        lists = {one.method for one in self.searches}
        return "approximate" if "approximate" in lists else "exact"


def _who(backend: BackendConnection, job: MatchJob) -> None:
    haste.plan_once_and_trust_memory(backend)  # a run forgotten was not finished
    job.run_id, job.started_at = runs.start(
        backend,
        trigger=job.trigger,
        model=job.embedder.model,
        algorithm=ALGORITHM,
        method="exact",
    )
    size = eligibility.size(backend)
    job.large = size >= LARGE
    if job.user_ids is not None and len(job.user_ids) > max(5, EVERYBODY_SHARE * size):
        job.user_ids = None
    model = job.embedder.model
    if job.user_ids is None:
        job.community = eligibility.community(backend)
        job.decided_pairs = eligibility.decided_pairs(backend)
        job.judged_by = judgement.for_community(backend, model, job.community.members)
    else:
        job.judged_by = judgement.by_vectors(backend, model)
        job.searches = [
            search.Search(
                user_id, eligibility.decided_partners(backend, user_id), judged_by=job.judged_by
            )
            for user_id in sorted(eligibility.among(backend, job.user_ids))
        ]


def _short(job: MatchJob) -> list[search.Search]:
    """Name the searches whose list is not full, though there may be somebody else."""
    return [one for one in job.searches if len(one.eligible) < LIST_LENGTH and not one.exhausted]


def _ask(ai: AIConnection, job: MatchJob, asking: int) -> None:
    vectors = vector_sets.serving(ai, job.embedder.model)
    indexed = job.large and candidates.has_index(ai, vectors)
    for one in _short(job):
        if indexed:
            search.ask_index(ai, one, vectors, job.embedder.dimensions, asking)
        else:
            search.ask_everybody(ai, one, vectors, asking)
        job.asked.append(one)
    _know_inputs(ai, job, vectors, {m for one in job.asked for m in (one.user_id, *one.near)})


def _asked(job: MatchJob) -> list[search.Search]:
    return job.asked


def _keep(backend: BackendConnection, job: MatchJob) -> None:
    if len(job.searches) <= FEW:
        haste.plan_once(backend)
    while job.asked:
        search.keep_eligible(backend, job.asked.pop(), enough=LIST_LENGTH, most=CANDIDATES)


def _exhaust(backend: BackendConnection, job: MatchJob) -> None:
    """Look at everybody for those whose list the vectors' nearest and the rules left short."""
    short = _short(job)
    members = eligibility.community(backend).members
    asking = [one.user_id for one in short]
    judged_by = judgement.with_rules(backend, job.judged_by, asking, members)
    for one in short:
        search.look_at(one, members, judged_by)


def _search(ai: AIConnection, job: MatchJob) -> None:
    vectors = vector_sets.serving(ai, job.embedder.model)
    if job.user_ids is None:
        job.tables = {
            kind: embeddings.table(ai, vectors, kind, job.embedder.dimensions) for kind in Kind
        }
    if job.community is not None:
        _know_inputs(ai, job, vectors, job.community.members)
    for one in _unscored(job):
        search.rank(ai, one, vectors, CANDIDATES)
        _know_inputs(ai, job, vectors, [one.user_id, *one.near])


def _unscored(job: MatchJob) -> list[search.Search]:
    return [one for one in job.searches if one.scored is None]


def _to_search(job: MatchJob) -> bool:
    return job.user_ids is None or bool(_unscored(job))


def _know_inputs(ai: AIConnection, job: MatchJob, vectors: str, members: Collection[UUID]) -> None:
    stored = embeddings.stored(ai, vectors, members)
    job.hashes |= {user_id: known.content_hash for user_id, known in stored.items()}


def _everybody(job: MatchJob) -> bool:
    return job.user_ids is None


def _score(job: MatchJob) -> None:
    if job.community is None:
        raise RuntimeError("everybody is read by the first step")
    members = job.community.members
    found = everybody.pairs(
        job.tables[Kind.NEED],
        job.tables[Kind.OFFER],
        eligible=members,
        forbidden=job.decided_pairs,
        judged_by=job.judged_by,
        length=LIST_LENGTH,
        progress=job.progress,
    )
    job.pairs, job.removed = found.pairs, found.removed
    job.tables = {}
    if found.pairs:
        job.round = _round(job, found.table, members)


def _round(job: MatchJob, table: PairTable, members: Sequence[UUID]) -> rounds.Round:
    return rounds.make(
        table,
        members,
        budgets=job.judged_by.budgets,
        readiness=job.judged_by.readiness,
        fairness=job.fairness,
        auc=job.judged_by.auc,
    )


def _sync(backend: BackendConnection, job: MatchJob) -> None:
    if job.run_id is None or job.started_at is None:
        raise RuntimeError("the run is opened by the first step")
    runs.take_turn(backend, job.started_at)
    chosen = job.pairs
    if job.user_ids is not None:
        newcomers = frozenset(job.user_ids)
        chosen = newcomers_pairs.chosen(backend, job.searches, newcomers, LIST_LENGTH)
    judged = job.community.members if job.community else [one.user_id for one in job.searches]
    unjudged = [member for member in judged if member not in job.hashes]
    written_matches.replace(
        backend,
        job.user_ids,
        [(p, _inputs_hash(job, p)) for p in chosen],
        written_matches.Origin(
            job.run_id, job.embedder.model, ALGORITHM, job.method, job.started_at
        ),
        unjudged=unjudged,
    )
    _introduce(backend, job, chosen)
    with backend.pipeline():  # nothing here waits for what the statement before it gave
        if not backend.beside_nestjs:  # there they are the backend's to end
            expiry.begin(backend, job.started_at, job.user_ids)
        _finish(backend, job.run_id, job, len(chosen), len(unjudged))
        outbox.done(backend, job.event_ids)


def _finish(
    backend: BackendConnection, run_id: UUID, job: MatchJob, pairs: int, without_vectors: int
) -> None:
    community = job.community or eligibility.Eligibility((), {})
    runs.finish(
        backend,
        run_id,
        state="incomplete" if without_vectors else "ready",
        reason=f"{without_vectors} members have no vectors yet" if without_vectors else "",
        members=len(community.members) if job.user_ids is None else len(job.user_ids),
        eligible=len(community.members) or sum(len(one.eligible) for one in job.searches),
        method=job.method,
        pairs=pairs,
        removed=community.removed
        | sum((one.removed for one in job.searches), job.removed)
        | {"decided already": len(job.decided_pairs) + sum(len(s.decided) for s in job.searches)}
        | ({"no vectors yet": without_vectors} if without_vectors else {}),
    )


def _introduce(backend: BackendConnection, job: MatchJob, chosen: Sequence[Pair]) -> None:
    """Write the round, or between two rounds give newcomers a place in the last one."""
    if job.run_id is None or job.started_at is None:
        raise RuntimeError("the run is opened by the first step")
    if job.round is not None:
        rounds.write(backend, job.round, job.run_id, job.started_at)
    elif job.user_ids is not None:
        newcomers = {one.user_id for one in job.searches}
        rounds.place(
            backend,
            sorted(newcomers),
            [p for p in chosen if p.a in newcomers or p.b in newcomers],
            run_id=job.run_id,
            at=job.started_at,
            settings=trusted(RoundSettings(job.fairness), job.judged_by.auc),
        )


def _inputs_hash(job: MatchJob, made: Pair) -> bytes:
    return hashlib.sha256(job.hashes[made.a] + job.hashes[made.b]).digest()


STEPS: Sequence[Step[MatchJob]] = (
    OnBackend("find who may be matched", _who),
    OnAI("ask the vectors", partial(_ask, asking=0), _short),
    OnBackend("apply the rules", _keep, _asked),
    OnAI("ask the vectors again", partial(_ask, asking=1), _short),
    OnBackend("apply the rules again", _keep, _asked),
    OnBackend("look at everybody", _exhaust, _short),
    OnAI("search", _search, _to_search),
    Outside("score", _score, _everybody),
    # Where the askings were enough, the rules and the matches are one transaction.
    OnBackend("sync matches", _sync, joins=("apply the rules", "apply the rules again")),
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
