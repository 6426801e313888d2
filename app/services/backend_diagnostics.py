"""Answer those who run the backend beside this platform: is it well, who is how far, do it anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.repositories.ai import embeddings, vector_sets
from app.repositories.backend import backend_calls, outbox, runs, users
from app.repositories.backend import member_standings as standings
from app.repositories.backend.member_standings import MemberStanding
from app.services import topics
from app.services.steps import Databases

_MOST: Final = 1_000  # members in one answer


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Hold members with what keeps each from being matched, and the counts of it."""

    members: list[dict[str, Any]]
    summary: dict[str, Any]


def members(databases: Databases) -> Diagnosis:
    """List members by how far they are; words and addresses stay where they are."""
    with databases.backend() as backend:
        found = standings.listed(backend, limit=_MOST)
    listed = [_plain(one) for one in found]
    done = sum(one.onboarding_status == "completed" for one in found)
    return Diagnosis(listed, {"total": len(found), "onboarded": done, "most_shown": _MOST})


def matching(databases: Databases) -> Diagnosis:
    """Say of each member what keeps them from being matched, and how the last run ended."""
    with databases.backend() as backend:
        found = standings.listed(backend, limit=_MOST)
        last, backlog = runs.last(backend), outbox.backlog(backend)
    with databases.ai() as ai:
        serving = vector_sets.current(ai)
        held = embeddings.member_ids(ai, serving.name) if serving else frozenset()
    listed = [_plain(one) | {"problem": _problem(one, one.user_id in held)} for one in found]
    told: dict[str, Any] = {
        "total": len(listed),
        "with_vectors": len(held),
        "without_problem": sum(not one["problem"] for one in listed),
        "work_waiting": backlog.pending + backlog.running,
        "work_given_up": backlog.dead,
    }
    if last is not None:
        told["last_run"] = {"state": last.state, "reason": last.reason, "pairs": last.pairs}
    return Diagnosis(listed, told)


def _plain(one: MemberStanding) -> dict[str, Any]:
    return {
        "user_id": str(one.user_id),
        "onboarding_status": one.onboarding_status,
        "may_be_matched": one.may_be_matched,
        "summary_version": one.summary_version,
        "approved": one.approved,
        "matches": one.pairs,
        "resume": one.resume or "",
    }


def _problem(one: MemberStanding, has_vectors: bool) -> str:  # noqa: FBT001 - two facts of a member
    if not one.may_be_matched:
        return "inactive or not to be matched"
    if one.onboarding_status != "completed":
        return "onboarding is not completed"
    if not one.approved:
        return "no approved summary"
    if not has_vectors:
        return "no vectors"
    return "" if one.pairs else "nobody fits in both directions"


def regenerate(databases: Databases, user_id: UUID) -> bool:
    """Have a member's vectors and matches made anew; False when that waits to be done already."""
    with databases.backend() as backend:
        users.by_id(backend, user_id)
    with databases.ai() as ai:
        embeddings.remove(ai, [user_id])
    with databases.backend() as backend:
        if backend_calls.work_waits(backend, user_id, topics.EMBED, {}):
            return False
        outbox.add(backend, topics.EMBED, [user_id])
    return True


def match_everybody(backend: BackendConnection) -> bool:
    """Have all lists made anew, as every night; False when that waits to be done already."""
    if backend_calls.everybody_waits(backend, topics.MATCH_SYNC):
        return False
    outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    return True
