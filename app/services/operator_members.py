"""Find members, say why one has no matches, and have one stage of theirs done again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.databases.connections import AIConnection, BackendConnection
from app.domain.matching import rules
from app.errors import ConflictError, NotFoundError, ReciprocityError
from app.repositories.ai import embeddings, member_vectors, vector_sets
from app.repositories.backend import (
    eligibility,
    operator_members,
    outbox,
    progress,
    statements,
    summaries,
)
from app.repositories.backend.operator_members import Found
from app.services import introductions, member_rules, operator_actions, steps, topics
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
    job.found = introductions.of_member(backend, job.user_id, limit=LONGEST_LIST)
    job.run = operator_members.newest_good_run(backend)
    everybody = eligibility.community(backend)
    job.community, job.outside = frozenset(everybody.members), everybody.removed
    job.decided = eligibility.decided_partners(backend, job.user_id)
    others = [one for one in everybody.members if one != job.user_id]
    job.ruled_out = ruled_out(backend, job.user_id, others)
    job.actions = operator_actions.of_member(backend, job.user_id)


def ruled_out(backend: BackendConnection, user_id: UUID, others: Sequence[UUID]) -> dict[UUID, str]:
    """Name the rule, of either side, that keeps each of the others from a member, where one does."""
    theirs = member_rules.of(backend, [*others, user_id])
    mine = theirs.pop(user_id, rules.NONE)
    asking = others if mine.asks else [other for other in others if other in theirs]
    people = member_rules.people(backend, [*asking, user_id])
    me = people.pop(user_id, rules.Person())
    found = (
        (other, rules.between(mine, me, theirs.get(other, rules.NONE), person))
        for other, person in people.items()
    )
    return {other: rule for other, rule in found if rule is not None}


def _look(ai: AIConnection, job: Journey) -> None:
    serving = vector_sets.current(ai)
    if serving is not None:
        job.vectors = member_vectors.of(ai, serving.name, job.user_id)
        job.with_vectors = embeddings.member_ids(ai, serving.name)


READ: Sequence[Step[Journey]] = (OnBackend("read the account", _read),)
LOOK: Sequence[Step[Journey]] = (OnAI("look for vectors", _look),)
JUDGE: Sequence[Step[Journey]] = (Outside("judge the stages", judge),)
