"""Show an onboarding in the words of another backend: its slots, its phase, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.repositories.backend.onboarding_items import Item
from app.services import onboarding_corrections
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation, asks
from app.services.steps import Databases

REQUIREMENTS, OFFERINGS, ABOUT = "requirements", "offerings", "about"
_KINDS: Final = {REQUIREMENTS: "need", OFFERINGS: "offer", ABOUT: "fact"}
TOTAL: Final = len(_KINDS)


def filled(conversation: Conversation) -> dict[str, dict[str, Any]]:
    """Give the slots that hold something: all of it in one text, the least sure part's confidence."""
    lists = {
        REQUIREMENTS: conversation.needs,
        OFFERINGS: conversation.offers,
        ABOUT: conversation.facts,
    }
    return {name: _slot(items) for name, items in lists.items() if items}


def _slot(items: Sequence[Item]) -> dict[str, Any]:
    confirmed = all(item.origin == "member" for item in items)
    return {
        "value": "; ".join(" ".join(item.text.split()) for item in items),
        "confidence": round(min(item.confidence for item in items), 3),
        "status": "confirmed" if confirmed else "filled",
    }


def fresh(conversation: Conversation) -> dict[str, dict[str, Any]]:
    """Give the slots that the member's last message brought something to."""
    said = [message for message in conversation.messages if message.author == "member"]
    if not said:
        return {}
    last = said[-1].id
    lists = {
        REQUIREMENTS: conversation.needs,
        OFFERINGS: conversation.offers,
        ABOUT: conversation.facts,
    }
    new = {name: [i for i in items if i.message_id == last] for name, items in lists.items()}
    return {name: _slot(items) for name, items in new.items() if items}


def answer(conversation: Conversation) -> str:
    """Give the platform's answer to the last message, after what it has to tell and told not yet."""
    told: list[str] = []
    for message in reversed(conversation.messages[: _place_of_last_said(conversation)]):
        if message.author == "member":
            break
        if not asks(message):
            told.insert(0, message.text)
    return " ".join([*told, conversation.question])


def _place_of_last_said(conversation: Conversation) -> int:
    said = [at for at, one in enumerate(conversation.messages) if one.author == "member"]
    return said[-1] if said else 0


def complete(conversation: Conversation) -> bool:
    """Say whether nothing is missing that would be asked for; being done is still a button."""
    enough = bool(conversation.needs and conversation.offers) and not conversation.suggested
    return conversation.completed or enough


def phase(conversation: Conversation) -> str:
    """Name how far the conversation is."""
    if conversation.completed:
        return "completed"
    if complete(conversation):
        return "review"
    if not any(message.author == "member" for message in conversation.messages):
        return "greeting"
    return "details" if conversation.needs and conversation.offers else "discovery"


def override(
    databases: Databases, reader: Reader, conversation: Conversation, slots: Mapping[str, object]
) -> None:
    """Put what a member corrected in the backend onto their lists; the same again adds nothing.

    A name that is no slot of ours is kept as a fact under its name.
    """
    known = {(item.kind, item.text) for item in [*conversation.needs, *conversation.offers]}
    for name, value in slots.items():
        kind = _KINDS.get(name, "fact")
        for text in _texts(value):
            words = text if name in _KINDS else f"{name.replace('_', ' ')}: {text}"
            if (kind, words) in known:
                continue
            onboarding_corrections.add(
                databases,
                reader,
                conversation.user_id,
                kind=kind,
                text=words,
                client_key=f"override:{kind}:{words}",
            )


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return _texts(value.get("value"))
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return [text] if any(letter.isalnum() for letter in text) else []
