"""What can stand between two members, in the order in which it does, each in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.domain.told import Told
from app.repositories.ai import candidates, member_vectors, vector_sets
from app.repositories.backend import operator_members, operator_pairs
from app.repositories.backend.eligibility import NOBODY, Others
from app.repositories.backend.listed import Listed
from app.repositories.backend.operator_members import Account
from app.services.judgement import Judgement

NO_NEED: Final = "{name} has said no need, and a match takes both, either way."
NO_OFFER: Final = "{name} has said no offer, and a match takes both, either way."


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Name what stands between two members, by a stable code and in words; ready when nothing does."""

    code: str
    words: Told


@dataclass(slots=True)
class Explanation:
    """Carry what was read of two members; at the end `obstacle` says what stands between them.

    `missing_id` is whom the question is about, `owner_id` whose list it is. `operator_id` None means
    that the command line asks, where nobody is signed in. `passed` names what was looked at before
    the obstacle and found in order.
    """

    missing_id: UUID
    owner_id: UUID
    operator_id: UUID | None = None
    accounts: Mapping[UUID, Account] = field(default_factory=dict)
    eligible: frozenset[UUID] = frozenset()
    between: operator_pairs.Between | None = None
    blockers: frozenset[UUID] = frozenset()
    listed: Sequence[Listed] = ()
    computing: bool = False
    run: operator_members.GoodRun | None = None
    others: Others = NOBODY
    decided: frozenset[UUID] = frozenset()
    vector_set: vector_sets.VectorSet | None = None
    vectors: dict[UUID, member_vectors.Held | None] = field(default_factory=dict)
    judged_by: Judgement = field(default_factory=Judgement)
    scored: candidates.Place | None = None
    passed: list[str] = field(default_factory=list)
    obstacle: Obstacle | None = None

    def account(self, user_id: UUID) -> Account:
        """Give the account of one of the two."""
        return self.accounts[user_id]

    def name(self, user_id: UUID) -> str:
        """Name one of the two, by the address."""
        return self.accounts[user_id].email

    @property
    def end(self) -> float | None:
        """Give the lowest score in the list; None when it is empty."""
        return min((one.score for one in self.listed), default=None)


def judge(job: Explanation) -> None:
    """Name the first thing that stands between the two."""
    for name, look in _LOOKS.items():
        found = look(job)
        if found is not None:
            job.obstacle = found
            return
        job.passed.append(name)


def _inactive(job: Explanation) -> Obstacle | None:
    for user_id in (job.missing_id, job.owner_id):
        if not job.account(user_id).is_active:
            return Obstacle(
                "inactive", Told("{name} is suspended or inactive.", name=job.name(user_id))
            )
    return None


def _paused(job: Explanation) -> Obstacle | None:
    for user_id in (job.missing_id, job.owner_id):
        if not job.account(user_id).allow_matching:
            return Obstacle("paused", Told("{name} has paused.", name=job.name(user_id)))
    return None


def _blocked(job: Explanation) -> Obstacle | None:
    for user_id, other in (
        (job.missing_id, job.owner_id),
        (job.owner_id, job.missing_id),
    ):
        if user_id in job.blockers:
            told = Told(
                "{name} has blocked {other}.", name=job.name(user_id), other=job.name(other)
            )
            return Obstacle("blocked", told)
    return None


def _declined(job: Explanation) -> Obstacle | None:
    if job.between is None or "declined" not in (
        job.between.my_decision,
        job.between.their_decision,
    ):
        return None
    who = job.owner_id if job.between.my_decision == "declined" else job.missing_id
    told = Told("{name} has said no, which ends it for good.", name=job.name(who))
    return Obstacle("declined", told)


def _there(job: Explanation) -> Obstacle | None:
    for place, one in enumerate(job.listed, 1):
        if one.partner_id == job.missing_id:
            return Obstacle(
                "listed",
                Told(
                    "Nothing: {name} stands in the list of {owner}, at place {place} of {all}.",
                    name=job.name(job.missing_id),
                    owner=job.name(job.owner_id),
                    place=place,
                    all=len(job.listed),
                ),
            )
    return None


def _ran_out(job: Explanation) -> Obstacle | None:
    if job.between is None or not job.between.ran_out or job.between.expires_at is None:
        return None
    day = f"{job.between.expires_at:%Y-%m-%d}"
    told = Told("The introduction ran out on {day} without both saying yes.", day=day)
    return Obstacle("ran_out", told)


def _not_ready(job: Explanation) -> Obstacle | None:
    for user_id in (job.missing_id, job.owner_id):
        if user_id in job.eligible:
            continue
        if job.account(user_id).onboarding_status != "completed":
            told = Told("{name} has not completed onboarding.", name=job.name(user_id))
            return Obstacle("onboarding", told)
        told = Told("{name} has no approved summary.", name=job.name(user_id))
        return Obstacle("not_approved", told)
    return None


def _rule(job: Explanation) -> Obstacle | None:
    rule = job.judged_by.rule_between(job.owner_id, job.missing_id)
    if rule is None:
        return None
    told = Told("A rule of one of the two keeps them apart: {rule}.", rule=Told(rule))
    return Obstacle("rule", told)


def _no_vectors(job: Explanation) -> Obstacle | None:
    for user_id in (job.missing_id, job.owner_id):
        held = job.vectors.get(user_id)
        if held is None:
            told = Told("{name} has no vectors yet.", name=job.name(user_id))
            return Obstacle("no_vectors", told)
        if not held.needs or not held.offers:
            lacking = NO_NEED if not held.needs else NO_OFFER
            return Obstacle("one_kind", Told(lacking, name=job.name(user_id)))
    return None


def _not_judged_yet(job: Explanation) -> Obstacle | None:
    if job.computing:
        told = Told("Work on one of the two is under way; their lists may change.")
        return Obstacle("computing", told)
    newest = max((one.embedded_at for one in job.vectors.values() if one), default=None)
    if job.run is None or (newest is not None and newest > job.run.finished_at):
        told = Told("No matching run has ended since their vectors were made.")
        return Obstacle("not_judged", told)
    return None


def _ranked(job: Explanation) -> Obstacle | None:
    if job.scored is None:
        told = Told("The two could not be scored: no need of one meets an offer.")
        return Obstacle("not_scored", told)
    scored = Told(
        "Scored {score}, place {place} of {of} whom the rules leave",
        score=f"{job.scored.score:.3f}",
        place=job.scored.place,
        of=job.scored.of,
    )
    owner = job.name(job.owner_id)
    if job.end is None:
        told = Told(
            "{scored}; the list of {owner} is empty: the last round gave them nobody.",
            scored=scored,
            owner=owner,
        )
        return Obstacle("dealt_otherwise", told)
    told = Told(
        "{scored}; the list of {owner} holds {count} and ends at a score of {end}.",
        scored=scored,
        owner=owner,
        count=len(job.listed),
        end=f"{job.end:.3f}",
    )
    if job.scored.score < job.end:
        return Obstacle("outranked", told)
    told = Told(
        "{told} By the score alone the place would be theirs; the last round gave it to somebody"
        " else, because it shares attention out and keeps to how many introductions each one takes.",
        told=told,
    )
    return Obstacle("dealt_otherwise", told)


# In the order in which things stand between two; what is named last always finds something.
_LOOKS: Final[dict[str, Callable[[Explanation], Obstacle | None]]] = {
    "active": _inactive,
    "not_paused": _paused,
    "not_blocked": _blocked,
    "not_declined": _declined,
    "not_in_the_list": _there,
    "not_run_out": _ran_out,
    "summaries_approved": _not_ready,
    "rules_allow": _rule,
    "vectors": _no_vectors,
    "judged": _not_judged_yet,
    "ranked": _ranked,
}
