"""Find members, say why one has no matches, and have one stage of theirs done again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.errors import ConflictError, NotFoundError, ReciprocityError
from app.repositories.ai import member_vectors, vector_sets
from app.repositories.backend import (
    eligibility,
    operator_members,
    outbox,
    progress,
    statements,
    summaries,
)
from app.repositories.backend.operator_members import Found
from app.services import introductions, judgement, operator_actions, steps, topics
from app.services.operator_actions import Action
from app.services.operator_journey import Journey, judge
from app.services.steps import Databases, OnAI, OnBackend, Outside, Step

MOST_FOUND: Final = 50
LONGEST_LIST: Final = 200  # introductions read to count a list


def search(backend: BackendConnection, operator_id: UUID, asked: str) -> list[Found]:
    """Find members by address, name or id, at most MOST_FOUND; how many it were is noted."""
    asked = asked.strip()
    if not asked:
        return []
    found = operator_members.search(backend, asked, MOST_FOUND)
    operator_actions.note(backend, operator_id, Action.SEARCHED, found=len(found))
    return found


def journey(databases: Databases, operator_id: UUID, user_id: UUID) -> Journey:
    """Follow one member from signing up to their list; that it was looked at is noted.

    An AI database that does not answer is told in the stages. Raises NotFoundError.
    """
    job = steps.run(databases, READ, Journey(operator_id, user_id))
    try:
        steps.run(databases, LOOK, job)
    except ReciprocityError as error:
        job.ai_down = str(error)
    return steps.run(databases, JUDGE, job)


_AGAIN: Final = {
    "embed": (topics.EMBED, Action.EMBED_AGAIN),
    "match": (topics.MATCH_SYNC, Action.MATCH_AGAIN),
}


def rerun(backend: BackendConnection, operator_id: UUID, user_id: UUID, stage: str) -> None:
    """Cause one stage of a member to be done again, by the outbox, and note it.

    Work that was given up is made due again instead of being doubled. Raises ConflictError when
    nothing of the member is approved, and NotFoundError.
    """
    if operator_members.account(backend, user_id) is None:
        raise NotFoundError("There is no such member; the account may have been erased.")
    if stage not in _AGAIN:
        raise NotFoundError("There is no such stage to be done again.")
    if user_id not in statements.approved(backend, [user_id]):
        raise ConflictError("Nothing of this member is approved, so there is nothing to do again.")
    topic, action = _AGAIN[stage]
    newest = progress.newest(backend, user_id).get(topic)
    if newest is not None and newest.state in {"dead", "pending"}:
        progress.again(backend, user_id)
    else:
        outbox.add(backend, topic, [user_id])
    operator_actions.note(backend, operator_id, action, about=[user_id])


def _read(backend: BackendConnection, job: Journey) -> None:
    job.account = operator_members.account(backend, job.user_id)
    operator_actions.note(backend, job.operator_id, Action.SAW_MEMBER, about=[job.who.id])
    job.latest = summaries.latest(backend, job.user_id)
    job.said = statements.approved(backend, [job.user_id]).get(job.user_id)
    job.work = progress.newest(backend, job.user_id)
    job.pairs = operator_members.pairs(backend, job.user_id)
    job.listed = len(introductions.rows_of_member(backend, job.user_id, limit=LONGEST_LIST))
    job.run = operator_members.newest_good_run(backend)
    job.others = eligibility.others(backend, job.user_id)
    decided = eligibility.decided_partners(backend, job.user_id)
    ruled_out = judgement.rules_around(backend, job.user_id, job.others.ids).ruled_out(job.user_id)
    removing = eligibility.among(backend, decided | ruled_out.keys())
    job.decided = decided & removing
    job.ruled_out = {one: ruled_out[one] for one in removing - decided}
    job.actions = operator_actions.of_member(backend, job.user_id)


def _look(ai: AIConnection, job: Journey) -> None:
    serving = vector_sets.current(ai)
    if serving is not None:
        job.vectors = member_vectors.of(ai, serving.name, job.user_id)
        job.with_vectors = member_vectors.count_among(
            ai, serving.name, job.others.ids, job.decided | job.ruled_out.keys()
        )


READ: Sequence[Step[Journey]] = (OnBackend("read the account", _read),)
LOOK: Sequence[Step[Journey]] = (OnAI("look for vectors", _look),)
JUDGE: Sequence[Step[Journey]] = (Outside("judge the stages", judge),)
