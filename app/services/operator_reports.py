"""Handle what members report about others: dismiss, warn, suspend; and lift a suspension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import (
    operator_members,
    operator_reports,
    outbox,
    statements,
)
from app.repositories.backend.operator_reports import Report, State
from app.services import letters, operator_actions, sessions, topics
from app.services.operator_actions import Action
from app.services.site import Site

PAGE: Final = 50
LONGEST_WORDS: Final = 4000
STATES: Final[tuple[State, ...]] = ("open", "handled")


class Decision(StrEnum):
    """Name what can be decided on a report."""

    DISMISS = "dismiss"
    WARN = "warn"
    SUSPEND = "suspend"


_ACTIONS: Final = {
    Decision.DISMISS: Action.DISMISSED,
    Decision.WARN: Action.WARNED,
    Decision.SUSPEND: Action.SUSPENDED,
}
# What the reporter reads where the operator writes nothing: never what became of the other member.
ANSWERS: Final = {
    Decision.DISMISS: "We have looked at it and found nothing to act on.",
    Decision.WARN: "We have looked at it and acted.",
    Decision.SUSPEND: "We have looked at it and acted.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold a decision on a report, what the reporter is answered, and what the member is told."""

    decision: Decision
    answer: str = ""
    words: str = ""

    @classmethod
    def typed(cls, decision: str, answer: str = "", words: str = "") -> Verdict:
        """Read a decision as a form or a program sent it; raise InvalidInputError."""
        if decision not in {one.value for one in Decision}:
            raise InvalidInputError("Decide to dismiss, warn or suspend.")
        checked_text(answer, what="answer", longest=LONGEST_WORDS)
        checked_text(words, what="text", longest=LONGEST_WORDS)
        return cls(Decision(decision), answer.strip(), words.strip())


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one page of reports; `next` is time and id of its last row when there are more."""

    state: State
    rows: Sequence[Report]
    next: tuple[datetime, UUID] | None


def listed(
    backend: BackendConnection,
    operator_id: UUID,
    state: str,
    *,
    limit: int = PAGE,
    after: tuple[datetime, UUID] | None = None,
) -> Page:
    """List reports in one state, open ones where the state is none, and note that it was done."""
    chosen = next((known for known in STATES if known == state), STATES[0])
    rows = operator_reports.listed(backend, chosen, limit=limit + 1, after=after)
    operator_actions.note(backend, operator_id, Action.SAW_REPORTS, state=chosen)
    shown = rows[:limit]
    more = (shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return Page(chosen, shown, more)


def one(backend: BackendConnection, operator_id: UUID, report_id: UUID) -> Report:
    """Show one report, and note it; raise NotFoundError when there is none."""
    found = _found(backend, report_id)
    operator_actions.note(
        backend, operator_id, Action.SAW_REPORT, about=[found.about_id], report=str(report_id)
    )
    return found


def decide(
    backend: BackendConnection, site: Site, operator_id: UUID, report_id: UUID, verdict: Verdict
) -> Report:
    """Close a report by a decision, carry it out and note it, all at once or not at all.

    Raises ConflictError when the report is closed already or an operator would suspend themselves,
    and NoMailError when somebody is to be warned and no letter could be sent.
    """
    found = _found(backend, report_id)
    answer = verdict.answer or ANSWERS[verdict.decision]
    if not operator_reports.close(backend, report_id, operator_id, answer, datetime.now(UTC)):
        raise ConflictError("Somebody has decided on this report already; nothing was changed.")
    if verdict.decision is Decision.WARN:
        site.must_send_mail()
        _write(backend, site, found, verdict.words, suspended=False)
    elif verdict.decision is Decision.SUSPEND:
        _suspend(backend, site, operator_id, found.about_id)
        _write(backend, site, found, verdict.words, suspended=True)
    action = _ACTIONS[verdict.decision]
    operator_actions.note(
        backend, operator_id, action, about=[found.about_id], report=str(report_id)
    )
    return found


def lift(backend: BackendConnection, site: Site, operator_id: UUID, user_id: UUID) -> None:
    """Let a suspended member in again and back into lists; raise ConflictError when they are in."""
    site.must_keep_accounts()
    if operator_members.account(backend, user_id) is None:
        raise NotFoundError("There is no such member; the account may have been erased.")
    if not operator_reports.set_active(backend, user_id, active=True):
        raise ConflictError("This member is not suspended.")
    if user_id in statements.approved(backend, [user_id]):
        outbox.add(backend, topics.EMBED, [user_id])
    operator_actions.note(backend, operator_id, Action.LIFTED, about=[user_id])


def _suspend(backend: BackendConnection, site: Site, operator_id: UUID, user_id: UUID) -> None:
    """Take an account out: signed out everywhere, in nobody's list, what was written kept."""
    site.must_keep_accounts()
    if user_id == operator_id:
        raise ConflictError("You cannot suspend yourself: ask another operator to decide.")
    operator_reports.set_active(backend, user_id, active=False)
    sessions.end_all(backend, user_id)


def _write(
    backend: BackendConnection, site: Site, about: Report, words: str, *, suspended: bool
) -> None:
    written = letters.SUSPENDED if suspended else letters.WARNED
    terms = site.link("/terms")
    letters.write(backend, written, about.about_id, about.about, further=words, terms=terms)


def _found(backend: BackendConnection, report_id: UUID) -> Report:
    found = operator_reports.one(backend, report_id)
    if found is None:
        raise NotFoundError("There is no such report; whom it was about may have left.")
    return found
