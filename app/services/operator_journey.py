"""Judge how far a member is on the way from signing up to a list, each stage in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from app.domain.statements import Kind, content_hash
from app.errors import NotFoundError
from app.repositories.ai import member_vectors
from app.repositories.backend import operator_members, progress, statements, summaries
from app.repositories.backend.operator_actions import Noted
from app.repositories.backend.operator_members import Account, Pairs
from app.services import introductions, topics

State = Literal["done", "open", "waiting", "failed", "aside"]
Judged = tuple[State, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold one stage: how far it is, and in words what is so or what stands in its way.

    `again` names what can be caused to be done again here: embed, match, or nothing.
    """

    name: str
    state: State
    words: str
    again: Literal["", "embed", "match"] = ""

    @property
    def stands_in_the_way(self) -> bool:
        """Say whether nothing behind this stage can be."""
        return self.state in {"open", "waiting", "failed"}


@dataclass(slots=True)
class Journey:
    """Carry what was read of one member, and at the end every stage.

    `outside` counts members whom the community's rules leave out of everybody's list, `removed`
    those of the others whom something keeps from this member's; `left` is who remains.
    """

    operator_id: UUID
    user_id: UUID
    account: Account | None = None
    latest: summaries.Summary | None = None
    said: statements.Said | None = None
    work: Mapping[str, progress.Work] = field(default_factory=dict)
    pairs: Pairs | None = None
    found: introductions.List | None = None
    run: operator_members.GoodRun | None = None
    community: frozenset[UUID] = frozenset()
    outside: Mapping[str, int] = field(default_factory=dict)
    decided: frozenset[UUID] = frozenset()
    ruled_out: Mapping[UUID, str] = field(default_factory=dict)
    vectors: member_vectors.Held | None = None
    with_vectors: frozenset[UUID] = frozenset()
    ai_down: str = ""
    actions: Sequence[Noted] = ()
    removed: dict[str, int] = field(default_factory=dict)
    left: int = 0
    stages: list[Stage] = field(default_factory=list)

    @property
    def who(self) -> Account:
        """Give the account; raise NotFoundError when there is none."""
        if self.account is None:
            raise NotFoundError("There is no such member; the account may have been erased.")
        return self.account

    @property
    def first(self) -> Stage | None:
        """Give the first stage that is not done; None when all are."""
        return next((stage for stage in self.stages if stage.stands_in_the_way), None)


def judge(job: Journey) -> None:
    """Write every stage, in the order of the way."""
    _count_removed(job)
    job.stages = []
    for name, look in _LOOKS.items():
        state, words = look(job)
        job.stages.append(Stage(name, state, words, _AGAIN.get(name, "")))


def _count_removed(job: Journey) -> None:
    """Count whom each thing takes away from this member's list; the first that does counts."""
    others = job.community - {job.user_id}
    decided = others & job.decided
    ruled_out = {other: rule for other, rule in job.ruled_out.items() if other in others - decided}
    left = others - decided - ruled_out.keys()
    removed = {"decided already or blocked": len(decided)}
    for rule in sorted(set(ruled_out.values())):
        removed[rule] = sum(one == rule for one in ruled_out.values())
    if not job.ai_down:
        removed["no vectors"] = len(left - job.with_vectors)
        left &= job.with_vectors
    job.removed = {what: count for what, count in removed.items() if count}
    job.left = len(left)


def _signed_up(job: Journey) -> Judged:
    if not job.who.is_active:
        return "open", "The account is suspended or inactive, so it stands in nobody's list."
    return "done", f"The account exists since {job.who.created_at:%Y-%m-%d}."


def _verified(job: Journey) -> Judged:
    if job.who.is_email_verified:
        return "done", "The address is verified."
    return "aside", "The address was not verified here; matching does not ask for it."


def _takes_introductions(job: Journey) -> Judged:
    if job.who.allow_matching:
        return "done", "The member takes introductions."
    return "open", "The member has paused; only they can end that."


def _onboarding(job: Journey) -> Judged:
    words = {
        "not_started": "The member has not begun to say what they need and offer.",
        "in_progress": "Onboarding is begun and not completed: the member has not said to be done.",
        "completed": "Onboarding is completed.",
    }
    done = job.who.onboarding_status == "completed"
    return "done" if done else "open", words[job.who.onboarding_status]


def _approved(job: Journey) -> Judged:
    if job.latest is None:
        return "open", "There is no summary yet."
    if job.said is None:
        return "open", f"Version {job.latest.version} is a draft; the member has to approve it."
    if job.latest.version > job.said.version:
        return "done", (
            f"Version {job.said.version} is approved and counts; version {job.latest.version} is a"
            " draft."
        )
    return "done", f"Version {job.said.version} is approved."


def _both_kinds(job: Journey) -> Judged:
    said = job.said.statements if job.said else ()
    needs = sum(one.kind is Kind.NEED for one in said)
    offers = len(said) - needs
    counted = f"The approved summary holds {needs} needs and {offers} offers."
    if needs and offers:
        return "done", counted
    return "open", f"{counted} A match takes one of each, as both have to gain."


def _embedded(job: Journey) -> Judged:
    if job.ai_down:
        return "failed", f"The AI database does not answer: {job.ai_down}"
    if job.said is None:
        return "open", "Nothing is approved, so nothing is embedded."
    held = job.vectors
    if held is None or held.content_hash != content_hash(job.said.statements):
        what = "There are no vectors" if held is None else "The vectors are of other words"
        return _work(
            job.work.get(topics.EMBED),
            f"{what}, and no work waits that would make them: embed again, or `reciprocity"
            " reconcile`.",
        )
    return "done", (
        f"{held.needs} needs and {held.offers} offers were embedded on"
        f" {held.embedded_at:%Y-%m-%d %H:%M} UTC, from version {held.summary_version}."
    )


def _in_last_run(job: Journey) -> Judged:
    work = job.work.get(topics.MATCH_SYNC)
    if work is not None and work.state != "done":
        return _work(work, "")
    if job.run is None:
        return "open", "No matching run has come to its end yet: is a worker running?"
    if job.vectors is not None and job.vectors.embedded_at > job.run.finished_at:
        return "open", "The vectors are newer than the last matching run: match again."
    return "done", f"The last matching run ended on {job.run.finished_at:%Y-%m-%d %H:%M} UTC."


def _people_left(job: Journey) -> Judged:
    others = len(job.community - {job.user_id})
    if others == 0:
        return "open", "Nobody else can be matched at the moment."
    if job.left == 0:
        return "open", f"All {others} others who can be matched were removed, as counted below."
    return "done", f"Of {others} others who can be matched, {job.left} are left to choose from."


def _list(job: Journey) -> Judged:
    shown = len(job.found.introductions) if job.found else 0
    if shown:
        return "done", f"The list holds {shown} introductions."
    if job.pairs is not None and job.pairs.undecided:
        return "open", (
            f"{job.pairs.undecided} pairs are stored and none is shown: they ran out, or the others"
            " are paused, blocked or gone."
        )
    return (
        "open",
        "The list is empty: nobody left both gives what they need and needs what they give.",
    )


def _work(work: progress.Work | None, nothing: str) -> Judged:
    """Say how the work on a stage is; `nothing` is said when none waits."""
    if work is None or work.state == "done":
        return "open", nothing
    if work.state == "dead":
        return "failed", (
            f"It was given up after {work.attempts} attempts, as work number {work.id}:"
            f" {work.last_error}"
        )
    if work.state == "running":
        return "waiting", f"A worker is doing it right now (work number {work.id})."
    if work.last_error:
        return "waiting", (
            f"It failed {work.attempts} times and is tried again on"
            f" {work.available_at:%Y-%m-%d %H:%M} UTC: {work.last_error}"
        )
    return "waiting", f"It waits for a worker (work number {work.id})."


_LOOKS: Final[dict[str, Callable[[Journey], Judged]]] = {
    "signed_up": _signed_up,
    "verified": _verified,
    "takes_introductions": _takes_introductions,
    "onboarding": _onboarding,
    "approved": _approved,
    "both_kinds": _both_kinds,
    "embedded": _embedded,
    "in_last_run": _in_last_run,
    "people_left": _people_left,
    "list": _list,
}
_AGAIN: Final[dict[str, Literal["embed", "match"]]] = {"embedded": "embed", "in_last_run": "match"}
