"""Take over what members approved and edited in the backend that owns their summaries.

There the text and the status of a summary are the backend's to write. What its text says is read
back into needs and offers before vectors are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from app.databases.connections import BackendConnection
from app.domain.edited_summaries import read_back
from app.domain.statements import Importance, Kind, Minor, Statement
from app.errors import ConflictError
from app.repositories.backend import backend_calls, outbox, statement_edits, statements, summaries
from app.repositories.backend.onboarding import Message
from app.repositories.backend.summaries import Summary
from app.services import topics
from app.services.onboarding_reading import Reader
from app.services.steps import OnBackend, Outside, Step


class NotApprovedYetError(ConflictError):
    """The backend has called and not yet committed what it called about."""

    code = "not_approved_yet"


@dataclass(slots=True)
class TakeOverJob:
    """Carry the members whose newest approved summary is taken over.

    `expected` says for which member an approval was announced: it is waited for.
    """

    reader: Reader | None
    expected: Mapping[UUID, bool]
    event_ids: Sequence[int] = ()
    counting: dict[UUID, Summary] = field(default_factory=dict)
    lists: dict[UUID, tuple[Sequence[str], Sequence[str]]] = field(default_factory=dict)


def cause(backend: BackendConnection, user_id: UUID, *, approved: bool) -> None:
    """Have a member's summary taken over; once for however many calls that come at once."""
    topic = topics.TAKE_OVER
    says = {"approved": True} if approved else {}
    if not backend_calls.work_waits(backend, user_id, topic, says):
        outbox.add(backend, topic, [user_id], {"approved": approved})


def _read(backend: BackendConnection, job: TakeOverJob) -> None:
    for user_id, expected in job.expected.items():
        newest = summaries.latest(backend, user_id)
        if expected and newest is not None and newest.status != "approved":
            raise NotApprovedYetError(
                f"The backend announced an approval of the member {user_id} and their newest summary"
                f" (version {newest.version}) is a {newest.status} still; it is looked at again."
            )
        if newest is not None and newest.status != "approved":
            newest = summaries.current(backend, user_id)
        if newest is not None and newest.status == "approved":
            job.counting[user_id] = newest


def _understand(job: TakeOverJob) -> None:
    for user_id, summary in job.counting.items():
        found = read_back(summary.summary)
        if found.headed:
            job.lists[user_id] = (found.needs, found.offers)
        elif job.reader is not None:
            job.lists[user_id] = _by_meaning(job.reader, user_id, summary.summary)


def _by_meaning(reader: Reader, user_id: UUID, text: str) -> tuple[Sequence[str], Sequence[str]]:
    """Tell needs and offers apart in a text without headings, as in what a member says."""
    at = datetime.now(UTC)
    message = Message(
        id=uuid4(), session_id=uuid4(), user_id=user_id, position=0, author="member",
        source="document", text=text, asked="", asked_item=None, client_key=None, reply_to=None,
        read_at=None, read_by=None, created_at=at,
    )  # fmt: skip
    items = reader.read(message, at).items
    return (
        [item.text for item in items if item.kind == "need"],
        [item.text for item in items if item.kind == "offer"],
    )


def _write(backend: BackendConnection, job: TakeOverJob) -> None:
    at = datetime.now(UTC)
    for user_id, (needs, offers) in job.lists.items():
        summary = job.counting[user_id]
        said = statements.of_summary(backend, summary.id)
        known = [
            [" ".join(s.text.split()) for s in said if s.kind is kind]
            for kind in (Kind.NEED, Kind.OFFER)
        ]
        if known != [[" ".join(text.split()) for text in texts] for texts in (needs, offers)]:
            statement_edits.forget(backend, summary.id)
            minor = _still_minor(said, needs, offers)
            statements.insert(
                backend, user_id, summary.id, list(needs), list(offers), at, minor=minor
            )
    if job.lists:
        outbox.add(backend, topics.EMBED, sorted(job.lists))
    outbox.done(backend, job.event_ids)


def _still_minor(before: Sequence[Statement], needs: Sequence[str], offers: Sequence[str]) -> Minor:
    """Keep the importance of what was edited elsewhere and still stands there in the same words."""
    known = {
        (one.kind, " ".join(one.text.split()))
        for one in before
        if one.importance is Importance.MINOR
    }
    return Minor(
        frozenset(text for text in needs if (Kind.NEED, " ".join(text.split())) in known),
        frozenset(text for text in offers if (Kind.OFFER, " ".join(text.split())) in known),
    )


STEPS: Sequence[Step[TakeOverJob]] = (
    OnBackend("read the approved summaries", _read),
    Outside("read them back", _understand),
    OnBackend("write what they say", _write),
)
