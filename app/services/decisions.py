"""Decide on introductions: two times yes opens the conversation, one no ends it for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.domain.decisions import LATER, LONGEST_NOTE, REASONS, Choice
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import conversations, decisions, expiry, feeds
from app.services import operator_webhooks, visibility

_WRITTEN = {Choice.YES: "approved", Choice.NO: "declined", Choice.LATER: "pending"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what a decision has led to; `talking` when the conversation is open."""

    choice: Choice
    partner_id: UUID
    talking: bool


def decide(
    backend: BackendConnection,
    user_id: UUID,
    match_id: UUID,
    choice: Choice,
    *,
    reasons: Sequence[str] = (),
    note: str = "",
) -> Outcome:
    """Write a member's decision; the same again changes nothing.

    Raises NotFoundError for a match that is not theirs or whose partner they may not see,
    ConflictError when somebody has said no, it has run out, or the conversation is open already.
    """
    known = [reason for reason in dict.fromkeys(reasons) if reason in REASONS[choice]]
    if len(known) != len(set(reasons)):
        raise InvalidInputError(
            "A reason to say {choice} is one of {reasons}.",
            choice=choice,
            reasons=list(REASONS[choice]),
        )
    checked_text(note, what="note", longest=LONGEST_NOTE)
    match = decisions.locked(backend, match_id, user_id)
    if match is None or _hidden(backend, user_id, match, choice):
        raise NotFoundError("There is no such introduction; it may have been withdrawn.")
    if _decided_before(match, choice):
        return Outcome(choice, match.partner_id, match.mine == match.theirs == "approved")
    if expiry.ran_out(backend, user_id, match.partner_id):
        raise ConflictError(
            "This introduction has run out, as it was not answered in time; nothing was changed."
        )
    decisions.write(backend, match_id, user_id, _WRITTEN[choice])
    decisions.put_feedback(backend, match_id, user_id, choice.value, known, note.strip())
    talking = choice is Choice.YES and match.theirs == "approved"
    _carry_out(backend, user_id, match, choice, talking=talking)
    return Outcome(choice, match.partner_id, talking)


def _hidden(
    backend: BackendConnection, user_id: UUID, match: decisions.Decided, choice: Choice
) -> bool:
    standing = visibility.standing(backend, user_id, match.partner_id)
    return standing in ("gone", "blocked") or (standing == "paused" and choice is Choice.YES)


def _decided_before(match: decisions.Decided, choice: Choice) -> bool:
    """Say whether nothing is left to do; raise ConflictError when it is too late to decide so."""
    if "declined" in (match.mine, match.theirs):
        if match.mine == "declined" and choice is Choice.NO:
            return True
        raise ConflictError("This introduction has ended for good; nothing was changed.")
    if match.mine == match.theirs == "approved":
        if choice is Choice.YES:
            return True
        raise ConflictError(
            "You both said yes and the conversation is open. End the conversation instead."
        )
    return choice is Choice.YES and match.mine == "approved"


def _carry_out(
    backend: BackendConnection,
    user_id: UUID,
    match: decisions.Decided,
    choice: Choice,
    *,
    talking: bool,
) -> None:
    at = datetime.now(UTC)
    if choice is Choice.LATER:
        decisions.postpone(backend, user_id, match.partner_id, at + LATER)
        expiry.put_off(backend, user_id, match.partner_id, at + LATER)
    else:
        decisions.drop_postponement(backend, user_id, match.partner_id)
    if talking:
        conversations.open_for(backend, match.match_id, at)
        both = [str(user_id), str(match.partner_id)]
        event = {"match_id": str(match.match_id), "user_ids": both}
        operator_webhooks.emit(backend, operator_webhooks.ACCEPTED, event, user_id=user_id)
    # What one side alone decided is told to the other only where it ends or opens something.
    told = [user_id, match.partner_id] if talking or choice is Choice.NO else [user_id]
    feeds.bump(backend, told)
