"""Write the summary when a member says they are done: from what was said, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.conversation.lists import distinct, gathered, grouped, joined, same
from app.domain.conversation.public import public
from app.domain.statements import Importance, Minor, summary_text
from app.domain.understanding.kinds import Asked
from app.errors import InvalidInputError
from app.repositories.backend import onboarding, onboarding_items, public_summaries, users
from app.repositories.backend.onboarding import Message
from app.repositories.backend.onboarding_items import Item
from app.repositories.backend.public_summaries import PublicSummary
from app.repositories.backend.summaries import Summary
from app.services import member_languages, summaries
from app.services import onboarding as conversation
from app.services.onboarding_reading import Reader
from app.services.steps import Databases

LACKING: Final = (
    "Nobody can do anything for you yet: say what you need, so that both sides gain from a match.",
    "You can do nothing for anybody yet: say what you offer, so that both sides gain from a match.",
)
_DETAILS = frozenset({Asked.NEED_DETAIL.value, Asked.OFFER_DETAIL.value})


@dataclass(frozen=True, slots=True)
class Completed:
    """Hold the draft to approve, its public version, and what matching still lacks in words."""

    summary: Summary
    public: PublicSummary
    lacking: str


def complete(databases: Databases, reader: Reader, user_id: UUID) -> Completed:
    """Write the draft and the status in one transaction; again it gives the same draft.

    What was said and not understood yet is understood first. Raises InvalidInputError when there is
    neither a need nor an offer; nothing is changed then.
    """
    conversation.start(databases, reader, user_id)
    with databases.backend() as backend:
        return _complete(backend, user_id, datetime.now(UTC))


def _complete(backend: BackendConnection, user_id: UUID, at: datetime) -> Completed:
    session = onboarding.locked(backend, user_id)
    messages = onboarding.log(backend, session.id)
    items = onboarding_items.of_session(backend, session.id)
    needs, offers = (spoken(items, messages, kind) for kind in ("need", "offer"))
    facts = distinct([item.text for item in items if item.kind == "fact"])
    if not needs and not offers:
        raise InvalidInputError(
            "There is neither a need nor an offer yet: say one thing that you need or could do for"
            " somebody, or add it to a list."
        )
    summary = summaries.draft(
        backend, user_id, gathered(needs), gathered(offers), at, facts=facts,
        minor=Minor(_minor(items, messages, "need"), _minor(items, messages, "offer")),
    )  # fmt: skip
    member = users.by_id(backend, user_id)
    shown = public(needs, offers, [member.first_name, member.last_name, member.email.split("@")[0]])
    version = PublicSummary(
        summary.id, user_id, summary_text(shown.needs, shown.offers), shown.withheld
    )
    public_summaries.put(backend, version, at)
    users.update_onboarding_status(backend, user_id, "completed")
    onboarding.complete(backend, session.id, at)
    say = member_languages.say_to(backend, user_id)
    return Completed(summary, version, say(_lacking(needs, offers)))


def spoken(items: Sequence[Item], messages: Sequence[Message], kind: str) -> list[str]:
    """List the statements of a kind; what a member said when asked for more stands with it."""
    return distinct([text for text, _ in _weighed(items, messages, kind)])


def _minor(items: Sequence[Item], messages: Sequence[Message], kind: str) -> frozenset[str]:
    """Give which statements of the summary are minor: where several were joined, all of them were."""
    said = list(_weighed(items, messages, kind))
    in_full = {same(text) for text, importance in said if importance is Importance.MAIN}
    texts = distinct([text for text, _ in said])
    return frozenset(
        joined(group)
        for group in grouped(texts)
        if not any(same(text) in in_full for text in group)
    )


def _weighed(
    items: Sequence[Item], messages: Sequence[Message], kind: str
) -> Iterator[tuple[str, Importance]]:
    """Give each statement of a kind with its details, and how much it counts."""
    about = {m.id: m.asked_item for m in messages if m.author == "member" and m.asked in _DETAILS}
    mine = [item for item in items if item.kind == kind]
    ids = {item.id for item in mine}
    details: dict[UUID, list[str]] = defaultdict(list)
    plain: list[Item] = []
    for item in mine:
        more_of = about.get(item.message_id) if item.message_id else None
        if more_of is not None and more_of in ids and more_of != item.id:
            details[more_of].append(item.text)
        else:
            plain.append(item)
    for item in plain:
        yield joined([item.text, *details[item.id]]), Importance(item.importance)


def _lacking(needs: Sequence[str], offers: Sequence[str]) -> str:
    if not needs:
        return LACKING[0]
    return "" if offers else LACKING[1]
