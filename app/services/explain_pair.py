"""Say why one member is not in another's list: the first thing that stands between them, in words.

Everything is read anew from both databases, one after the other, and the score is computed exactly
from the vectors, whatever the last run believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.errors import InvalidInputError, NotFoundError
from app.repositories.ai import candidates, member_vectors, vector_sets
from app.repositories.backend import eligibility, operator_members, operator_pairs, outbox
from app.services import introductions, judgement, operator_actions, steps
from app.services.operator_actions import Action
from app.services.pair_obstacles import Explanation, judge
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
    found = operator_members.named(backend, asked)
    if found is None:
        raise NotFoundError("No member has the e-mail address or id {asked!r}.", asked=asked)
    return found


def _read(backend: BackendConnection, job: Explanation) -> None:
    both = (job.missing_id, job.owner_id)
    found = {one: operator_members.account(backend, one) for one in both}
    job.accounts = {user_id: one for user_id, one in found.items() if one is not None}
    for user_id in both:
        if user_id not in job.accounts:
            raise NotFoundError(
                "No member has the id {id}; the account may be erased.", id=str(user_id)
            )
    if job.operator_id is not None:
        operator_actions.note(backend, job.operator_id, Action.EXPLAINED, about=both)
    job.between = operator_pairs.between(backend, job.owner_id, job.missing_id)
    job.blockers = operator_pairs.blockers(backend, job.owner_id, job.missing_id)
    job.listed = introductions.rows_of_member(backend, job.owner_id, limit=_LISTED)
    job.computing = any(outbox.of_member(backend, one).open for one in both)
    job.run = operator_members.newest_good_run(backend)
    job.eligible = eligibility.among(backend, both)
    job.others = eligibility.others(backend, job.owner_id)
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
    job.judged_by = judgement.around(backend, model, job.owner_id, job.others.ids)


def _score(ai: AIConnection, job: Explanation) -> None:
    """Score everybody whom the rules leave, as a run does, and find the place of the one."""
    if job.vector_set is None:
        return
    judged_by, owner = job.judged_by, job.owner_id
    lost = {
        one: (judged_by.penalty(owner, one), judged_by.penalty(one, owner))
        for one in (judged_by.people if judged_by.penalties else ())
    }
    among = candidates.Among(
        job.others.ids,
        job.decided | judged_by.ruled_out(owner).keys(),
        {one: both for one, both in lost.items() if any(both)},
    )
    job.scored = candidates.place(
        ai, job.vector_set.name, owner, job.missing_id, among, judged_by.calibration
    )


STEPS: Sequence[Step[Explanation]] = (
    OnBackend("read both accounts", _read),
    OnAI("look for vectors", _look),
    OnBackend("gather what judges", _gather),
    OnAI("score exactly", _score),
    Outside("name what stands between", judge),
)
