"""Show an onboarding as it stands: the log, what was understood, what is asked, how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.conversation.questions import Known, Question, Vague, ranked
from app.domain.conversation.wording import question_text
from app.domain.understanding.kinds import Asked
from app.errors import NotFoundError
from app.repositories.backend import onboarding, onboarding_items, users
from app.repositories.backend.onboarding import Message, Session
from app.repositories.backend.onboarding_items import Item
from app.services import member_languages

_MOST_SUGGESTED: Final = 3
NOTICE: Final = "notice:"  # begins the key of what the platform told and did not ask


@dataclass(frozen=True, slots=True)
class Conversation:
    """Hold a member's onboarding. `reading` says that something said is not understood yet.

    `question` is what was asked last, `suggested` the questions that would help most, in words.
    """

    session_id: UUID
    user_id: UUID
    status: str
    progress: int
    messages: Sequence[Message]
    needs: Sequence[Item]
    offers: Sequence[Item]
    facts: Sequence[Item]
    question: str
    suggested: Sequence[str]
    reading: bool

    @property
    def completed(self) -> bool:
        """Say whether the member is past onboarding; that never falls back."""
        return self.status == "completed"


def view(backend: BackendConnection, user_id: UUID) -> Conversation:
    """Read a member's onboarding; raise NotFoundError when it was never begun."""
    session = onboarding.of_member(backend, user_id)
    if session is None:
        raise NotFoundError(
            "The member {member} has not begun onboarding; start it first.", member=user_id
        )
    member = users.by_id(backend, user_id)
    messages = onboarding.log(backend, session.id)
    items = onboarding_items.of_session(backend, session.id)
    say = member_languages.say_to(backend, user_id)
    asked = next((m.text for m in reversed(messages) if asks(m)), "")
    return Conversation(
        session_id=session.id,
        user_id=user_id,
        status=member.onboarding_status,
        progress=session.progress,
        messages=messages,
        needs=[item for item in items if item.kind == "need"],
        offers=[item for item in items if item.kind == "offer"],
        facts=[item for item in items if item.kind == "fact"],
        question=asked,
        suggested=[question_text(q, say) for q in ranked(known(session, messages, items))][
            :_MOST_SUGGESTED
        ],
        reading=any(m.author == "member" and m.read_at is None for m in messages),
    )


def asks(message: Message) -> bool:
    """Say whether a message is the platform's and no notice: what comes after it answers it."""
    return message.author == "platform" and not (message.client_key or "").startswith(NOTICE)


def of_session(backend: BackendConnection, session_id: UUID) -> Conversation:
    """Read an onboarding by its session's id; raise NotFoundError when there is no such session."""
    return view(backend, onboarding.member_of(backend, session_id))


def known(session: Session, messages: Sequence[Message], items: Sequence[Item]) -> Known:
    """Sum up what a conversation has brought, for the choice of the next question."""
    questions = [m for m in messages if m.author == "platform" and m.asked]
    return Known(
        needs=sum(item.kind == "need" for item in items),
        offers=sum(item.kind == "offer" for item in items),
        facts=sum(item.kind == "fact" for item in items),
        vague_needs=_vague(items, "need"),
        vague_offers=_vague(items, "offer"),
        rules_set=session.rules_set
        or any(m.author == "member" and m.asked == Asked.RULES for m in messages),
        asked=Counter(Asked(m.asked) for m in questions),
        detailed=frozenset(m.asked_item for m in questions if m.asked_item is not None),
    )


def _vague(items: Sequence[Item], kind: str) -> tuple[Vague, ...]:
    return tuple(Vague(item.id, item.text) for item in items if item.kind == kind and item.vague)


def put_question(
    backend: BackendConnection,
    session: Session,
    question: Question,
    text: str,
    *,
    reply_to: UUID | None,
    at: datetime,
) -> None:
    """Append the platform's message that puts a question."""
    onboarding.add(
        backend,
        session,
        author="platform",
        text=text,
        asked=question.asked.value,
        asked_item=question.about.item_id if question.about else None,
        reply_to=reply_to,
        at=at,
    )
