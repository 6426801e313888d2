"""Let members correct what was understood: their word wins, and survives every derivation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

from app.databases import transactions
from app.domain.conversation.lists import LONGEST_STATEMENT
from app.domain.conversation.questions import progress
from app.domain.statements import Importance
from app.errors import InvalidInputError
from app.repositories.backend import onboarding, onboarding_items
from app.repositories.backend.onboarding_items import Item
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation, known, view
from app.services.steps import Databases

KINDS: Final = ("need", "offer", "fact")


def change(
    databases: Databases,
    reader: Reader,
    user_id: UUID,
    item_id: UUID,
    *,
    kind: str,
    text: str,
    importance: Importance | None = None,
) -> Conversation:
    """Give an item another kind or other words; raise NotFoundError when it is not the member's.

    Without an importance it keeps the one it had.
    """
    words, unclear = _judged(reader, kind, text)
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        onboarding_items.change(
            backend, session, item_id, kind, words, vague=unclear, importance=importance
        )
        return view(backend, user_id)


def weigh(
    databases: Databases, user_id: UUID, item_id: UUID, importance: Importance
) -> Conversation:
    """Say how much a need or an offer counts; raise NotFoundError when it is not the member's."""
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        onboarding_items.weigh(backend, session, item_id, importance)
        return view(backend, user_id)


def add(
    databases: Databases,
    reader: Reader,
    user_id: UUID,
    *,
    kind: str,
    text: str,
    client_key: str | None = None,
    importance: Importance = Importance.MAIN,
) -> Conversation:
    """Put an item on a list by hand; the same `client_key` again adds nothing."""
    words, unclear = _judged(reader, kind, text)
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        item_id = uuid4() if client_key is None else uuid5(session.id, client_key)
        item = Item(
            id=item_id, message_id=None, start=None, stop=None, kind=kind, aspect="", text=words,
            confidence=1.0, vague=unclear, origin="member", created_at=datetime.now(UTC),
            importance="main" if kind == "fact" else importance.value,
        )  # fmt: skip
        onboarding_items.write(backend, session, [item])
        now = known(
            session,
            onboarding.log(backend, session.id),
            onboarding_items.of_session(backend, session.id),
        )
        onboarding.raise_progress(backend, session.id, progress(now))
        return view(backend, user_id)


def remove(databases: Databases, user_id: UUID, item_id: UUID) -> Conversation:
    """Take an item off the lists; removing it again changes nothing."""
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        onboarding_items.remove(backend, session, item_id, datetime.now(UTC))
        return view(backend, user_id)


def settle_rules(databases: Databases, user_id: UUID) -> None:
    """Say that the member has set rules, so that onboarding does not ask for them."""
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        onboarding.settle_rules(backend, session.id)


def _judged(reader: Reader, kind: str, text: str) -> tuple[str, bool]:
    """Check what a member writes into a list, and say whether it is too vague to match on."""
    words = text.strip()
    if kind not in KINDS:
        raise InvalidInputError(
            "{kind!r} is no kind of statement; it is one of {kinds}.", kind=kind, kinds=KINDS
        )
    if not any(letter.isalnum() for letter in words):
        raise InvalidInputError("A statement needs words; remove it if it should not be there.")
    if len(words) > LONGEST_STATEMENT:
        raise InvalidInputError(
            "A statement may have {most} characters and this one has {length}; say it in several.",
            most=LONGEST_STATEMENT,
            length=len(words),
        )
    if "\x00" in words or any("\ud800" <= letter <= "\udfff" for letter in words):
        raise InvalidInputError("This text holds a character that no text may hold; remove it.")
    transactions.nothing_open("judging a statement")
    return words, kind != "fact" and reader.vague([words])[0]
