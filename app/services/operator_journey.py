"""Judge how far a member is on the way from signing up to a list, each stage in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.domain.statements import Kind, content_hash
from app.domain.told import Told
from app.errors import NotFoundError
from app.repositories.ai import member_vectors
from app.repositories.backend import operator_members, progress, statements, summaries
from app.repositories.backend.eligibility import NOBODY, Others
from app.repositories.backend.operator_actions import Noted
from app.repositories.backend.operator_members import Account, Pairs
from app.services import topics

State = Literal["done", "open", "waiting", "failed", "aside"]
Judged = tuple[State, Told]


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold one stage: how far it is, and in words what is so or what stands in its way.

    `again` names what can be caused to be done again here: embed, match, or nothing.
    """

    name: str
    state: State
    words: Told
    again: Literal["", "embed", "match"] = ""

    @property
    def stands_in_the_way(self) -> bool:
        """Say whether nothing behind this stage can be."""
        return self.state in {"open", "waiting", "failed"}


@dataclass(slots=True)
class Journey:
    """Carry what was read of one member, and at the end every stage.

    `others` are who may be matched besides; `decided` and `ruled_out` are of those, each once.
    `with_vectors` counts whom these two leave and of whom vectors are stored, `removed` the others
    whom something keeps from this member's list; `left` is who remains.
    """

    operator_id: UUID
    user_id: UUID
    account: Account | None = None
    latest: summaries.Summary | None = None
    said: statements.Said | None = None
    work: Mapping[str, progress.Work] = field(default_factory=dict)
    pairs: Pairs | None = None
    listed: int = 0
    run: operator_members.GoodRun | None = None
    others: Others = NOBODY
    decided: frozenset[UUID] = frozenset()
    ruled_out: Mapping[UUID, str] = field(default_factory=dict)
    vectors: member_vectors.Held | None = None
    with_vectors: int = 0
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
    left = job.others.count - len(job.decided) - len(job.ruled_out)
    removed = {"decided already or blocked": len(job.decided)}
    removed |= sorted(Counter(job.ruled_out.values()).items())
    if not job.ai_down:
        removed["no vectors"] = left - job.with_vectors
        left = job.with_vectors
    job.removed = {what: count for what, count in removed.items() if count}
    job.left = left


def _signed_up(job: Journey) -> Judged:
    if not job.who.is_active:
        return "open", Told("The account is suspended or inactive, so it stands in nobody's list.")
    return "done", Told("The account exists since {day}.", day=f"{job.who.created_at:%Y-%m-%d}")


def _verified(job: Journey) -> Judged:
    if job.who.is_email_verified:
        return "done", Told("The address is verified.")
    return "aside", Told("The address was not verified here; matching does not ask for it.")


def _takes_introductions(job: Journey) -> Judged:
    if job.who.allow_matching:
        return "done", Told("The member takes introductions.")
    return "open", Told("The member has paused; only they can end that.")


def _onboarding(job: Journey) -> Judged:
    words = {
        "not_started": Told("The member has not begun to say what they need and offer."),
        "in_progress": Told(
            "Onboarding is begun and not completed: the member has not said to be done."
        ),
        "completed": Told("Onboarding is completed."),
    }
    done = job.who.onboarding_status == "completed"
    return "done" if done else "open", words[job.who.onboarding_status]


def _approved(job: Journey) -> Judged:
    if job.latest is None:
        return "open", Told("There is no summary yet.")
    if job.said is None:
        return "open", Told(
            "Version {version} is a draft; the member has to approve it.",
            version=job.latest.version,
        )
    if job.latest.version > job.said.version:
        return "done", Told(
            "Version {version} is approved and counts; version {draft} is a draft.",
            version=job.said.version,
            draft=job.latest.version,
        )
    return "done", Told("Version {version} is approved.", version=job.said.version)


def _both_kinds(job: Journey) -> Judged:
    said = job.said.statements if job.said else ()
    needs = sum(one.kind is Kind.NEED for one in said)
    offers = len(said) - needs
    counted = Told(
        "The approved summary holds {needs} needs and {offers} offers.", needs=needs, offers=offers
    )
    if needs and offers:
        return "done", counted
    return "open", Told(
        "{counted} A match takes one of each, as both have to gain.", counted=counted
    )


def _embedded(job: Journey) -> Judged:
    if job.ai_down:
        return "failed", Told("The AI database does not answer: {error}", error=job.ai_down)
    if job.said is None:
        return "open", Told("Nothing is approved, so nothing is embedded.")
    held = job.vectors
    if held is None or held.content_hash != content_hash(job.said.statements):
        what = (
            Told("There are no vectors") if held is None else Told("The vectors are of other words")
        )
        return _work(
            job.work.get(topics.EMBED),
            Told(
                "{what}, and no work waits that would make them: embed again, or `reciprocity"
                " reconcile`.",
                what=what,
            ),
        )
    return "done", Told(
        "{needs} needs and {offers} offers were embedded on {at}, from version {version}.",
        needs=held.needs,
        offers=held.offers,
        at=_minute(held.embedded_at),
        version=held.summary_version,
    )


def _in_last_run(job: Journey) -> Judged:
    work = job.work.get(topics.MATCH_SYNC)
    if work is not None and work.state != "done":
        return _work(work, Told(""))
    if job.run is None:
        return "open", Told("No matching run has come to its end yet: is a worker running?")
    if job.vectors is not None and job.vectors.embedded_at > job.run.finished_at:
        return "open", Told("The vectors are newer than the last matching run: match again.")
    return "done", Told("The last matching run ended on {at}.", at=_minute(job.run.finished_at))


def _people_left(job: Journey) -> Judged:
    others = job.others.count
    if others == 0:
        return "open", Told("Nobody else can be matched at the moment.")
    if job.left == 0:
        return "open", Told(
            "All {others} others who can be matched were removed, as counted below.", others=others
        )
    return "done", Told(
        "Of {others} others who can be matched, {left} are left to choose from.",
        others=others,
        left=job.left,
    )


def _list(job: Journey) -> Judged:
    if job.listed:
        return "done", Told("The list holds {shown} introductions.", shown=job.listed)
    if job.pairs is not None and job.pairs.undecided:
        return "open", Told(
            "{pairs} pairs are stored and none is shown: they ran out, or the others are paused,"
            " blocked or gone.",
            pairs=job.pairs.undecided,
        )
    return (
        "open",
        Told("The list is empty: nobody left both gives what they need and needs what they give."),
    )


def _work(work: progress.Work | None, nothing: Told) -> Judged:
    """Say how the work on a stage is; `nothing` is said when none waits."""
    if work is None or work.state == "done":
        return "open", nothing
    if work.state == "dead":
        return "failed", Told(
            "It was given up after {attempts} attempts, as work number {number}: {error}",
            attempts=work.attempts,
            number=work.id,
            error=work.last_error,
        )
    if work.state == "running":
        return "waiting", Told(
            "A worker is doing it right now (work number {number}).", number=work.id
        )
    if work.last_error:
        return "waiting", Told(
            "It failed {attempts} times and is tried again on {at}: {error}",
            attempts=work.attempts,
            at=_minute(work.available_at),
            error=work.last_error,
        )
    return "waiting", Told("It waits for a worker (work number {number}).", number=work.id)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


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
