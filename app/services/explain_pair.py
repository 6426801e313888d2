"""Say why one member is not in another's list: the first thing that stands between them, in words.

Everything is read anew from both databases, one after the other, and the score is computed exactly
from the vectors, whatever the last run believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import numpy as np

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching.learning import lowered
from app.domain.matching.scores import pair_score
from app.errors import InvalidInputError, NotFoundError
from app.repositories.ai import candidates, member_vectors, vector_sets
from app.repositories.backend import eligibility, operator_members, operator_pairs, outbox
from app.services import introductions, judgement, operator_actions, search, steps
from app.services.operator_actions import Action
from app.services.pair_obstacles import Explanation, Scored, judge
from app.services.steps import Databases, OnAI, OnBackend, Outside, Step

_LISTED: Final = 1_000  # no list is longer


def explain(
    databases: Databases, missing_id: UUID, owner_id: UUID, *, operator_id: UUID | None = None
) -> Explanation:
    """Explain one pair; raise NotFoundError for an unknown member, InvalidInputError for one alone."""
    if missing_id == owner_id:
        raise InvalidInputError("Nobody stands in their own list: name two members.")
    return steps.run(databases, STEPS, Explanation(missing_id, owner_id, operator_id))


def by_addresses(
    databases: Databases, missing: str, owner: str, *, operator_id: UUID | None = None
) -> Explanation:
    """Explain the pair of two addresses (or ids); raise NotFoundError for one that nobody has."""
    with databases.backend() as backend:
        first, second = (_one(backend, asked) for asked in (missing, owner))
    return explain(databases, first, second, operator_id=operator_id)


def _one(backend: BackendConnection, asked: str) -> UUID:
    asked = asked.strip()
    found = operator_members.search(backend, asked, 2) if asked else []
    exact = [one.id for one in found if asked.lower() in (one.email.lower(), str(one.id))]
    if not exact:
        raise NotFoundError(f"No member has the e-mail address or id {asked!r}.")
    return exact[0]


def _read(backend: BackendConnection, job: Explanation) -> None:
    both = (job.missing_id, job.owner_id)
    found = {one: operator_members.account(backend, one) for one in both}
    job.accounts = {user_id: one for user_id, one in found.items() if one is not None}
    for user_id in both:
        if user_id not in job.accounts:
            raise NotFoundError(f"No member has the id {user_id}; the account may be erased.")
    if job.operator_id is not None:
        operator_actions.note(backend, job.operator_id, Action.EXPLAINED, about=both)
    job.between = operator_pairs.between(backend, job.owner_id, job.missing_id)
    job.blockers = operator_pairs.blockers(backend, job.owner_id, job.missing_id)
    job.listed = introductions.of_member(backend, job.owner_id, limit=_LISTED).introductions
    job.computing = any(outbox.of_member(backend, one).open for one in both)
    job.run = operator_members.newest_good_run(backend)
    job.eligible = eligibility.among(backend, both)
    job.community = eligibility.community(backend).members
    job.decided = eligibility.decided_partners(backend, job.owner_id)


def _look(ai: AIConnection, job: Explanation) -> None:
    job.vector_set = vector_sets.current(ai)
    for user_id in (job.missing_id, job.owner_id):
        serving = job.vector_set
        job.vectors[user_id] = (
            None if serving is None else member_vectors.of(ai, serving.name, user_id)
        )


def _gather(backend: BackendConnection, job: Explanation) -> None:
    model = job.vector_set.embedder if job.vector_set else ""
    job.judged_by = judgement.for_members(backend, model, [job.owner_id], job.community)


def _score(ai: AIConnection, job: Explanation) -> None:
    """Score everybody whom the rules leave, as a run does, and find the place of the one."""
    if job.vector_set is None:
        return
    judged_by, owner = job.judged_by, job.owner_id
    asked = search.Search(owner, job.decided)
    search.look_at(asked, job.community, judged_by)
    most = max(1, len(asked.eligible))
    found = candidates.exact(
        ai, job.vector_set.name, owner, asked.eligible, judged_by.calibration, limit=most
    )
    sides = np.array([(one.i_gain, one.they_gain) for one in found], np.float64).reshape(-1, 2)
    gains = judged_by.calibration.probability(sides)
    if judged_by.penalties:
        ids = [one.user_id for one in found]
        lost = [(judged_by.penalty(owner, one), judged_by.penalty(one, owner)) for one in ids]
        gains = np.where(np.array(lost) > 0, lowered(gains, np.array(lost)), gains)
    scores = pair_score(gains[:, 0], gains[:, 1])
    for row, one in enumerate(found):
        if one.user_id == job.missing_id:
            place = 1 + int(np.count_nonzero(scores > scores[row]))
            job.scored = Scored(float(scores[row]), place, len(found))


STEPS: Sequence[Step[Explanation]] = (
    OnBackend("read both accounts", _read),
    OnAI("look for vectors", _look),
    OnBackend("gather what judges", _gather),
    OnAI("score exactly", _score),
    Outside("name what stands between", judge),
)
