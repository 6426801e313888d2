"""Onboarding in conversation, in the backend's words."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from app.api.contract.bodies import Chat, Complete, Start
from app.api.contract.bounded import Bounded
from app.bootstrap import ContractSide
from app.errors import InvalidInputError
from app.services import onboarding, onboarding_completion, onboarding_view, slots
from app.services.onboarding_view import Conversation


def routes(side: ContractSide) -> APIRouter:
    """Make the routes of onboarding."""
    made = APIRouter(prefix="/onboarding", route_class=Bounded)
    databases, reader = side.databases, side.reader

    @made.post("/start")
    def start(call: Start) -> dict[str, Any]:
        """Begin a member's onboarding, or go on where they were."""
        now = onboarding.start(databases, reader, call.user_id)
        objective = call.objective.strip()
        if objective:
            now = onboarding.hear(
                databases,
                reader,
                call.user_id,
                objective,
                client_key=_key(objective),
            )
        greeting = next((m.text for m in now.messages if m.author == "platform"), now.question)
        return {
            "session_id": str(now.session_id),
            "greeting": greeting,
            "suggested_questions": list(now.suggested)[:3],
            "progress_percent": now.progress,
        }

    @made.post("/chat")
    def chat(call: Chat) -> dict[str, Any]:
        """Store what a member says, understand it, and ask the next question."""
        if call.session_id is None:
            onboarding.start(databases, reader, call.user_id)
        else:
            side.own_session(call.session_id, call.user_id)
        now = onboarding.hear(databases, reader, call.user_id, call.message)
        return {
            "session_id": str(now.session_id),
            "ai_response": slots.answer(now),
            "extracted_slots": slots.fresh(now),
            "all_slots": slots.filled(now),
            "completion_percent": now.progress,
            "next_questions": list(now.suggested)[:3],
            "phase": slots.phase(now),
            "is_complete": slots.complete(now),
        }

    @made.get("/progress/{session_id}")
    def progress(session_id: UUID) -> dict[str, Any]:
        """Say how far an onboarding is."""
        now = side.session(session_id)
        return {
            "session_id": str(now.session_id),
            "user_id": str(now.user_id),
            "phase": slots.phase(now),
            "progress_percent": now.progress,
            "slots_filled": len(slots.filled(now)),
            "total_required": slots.TOTAL,
            "estimated_remaining_minutes": 0 if slots.complete(now) else len(now.suggested),
            "is_complete": slots.complete(now),
        }

    @made.post("/finalize/{session_id}")
    def finalize(session_id: UUID) -> dict[str, Any]:
        """Give what a conversation has brought; nothing is changed, so it can be asked again."""
        now = side.session(session_id)
        return {
            "session_id": str(now.session_id),
            "user_id": str(now.user_id),
            "collected_data": slots.filled(now),
            "turn_count": sum(message.author == "member" for message in now.messages),
            "completed_at": now.messages[-1].created_at.isoformat(),
        }

    @made.post("/complete")
    def complete(call: Complete) -> dict[str, Any]:
        """Write the summary of what was said; the same again gives the same one."""
        side.own_session(call.session_id, call.user_id)
        if call.slot_overrides:
            now = _view(side, call.user_id)
            slots.override(databases, reader, now, call.slot_overrides)
        try:
            done = onboarding_completion.complete(databases, reader, call.user_id)
        except InvalidInputError as error:
            return _told(call, created=False, message=str(error))
        return _told(call, created=True, message=done.lacking or "The summary is ready.")

    return made


def _key(objective: str) -> str:
    return f"objective:{hashlib.sha256(objective.encode()).hexdigest()}"


def _view(side: ContractSide, user_id: UUID) -> Conversation:
    with side.databases.backend() as backend:
        return onboarding_view.view(backend, user_id)


def _told(call: Complete, *, created: bool, message: str) -> dict[str, Any]:
    return {
        "success": created,
        "user_id": str(call.user_id),
        "message": message,
        "profile_created": created,
    }
