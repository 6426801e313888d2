"""What happens to members in the backend: registering, approving, editing, deciding."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.api.contract.bodies import Decision, InitiateChat, MemberCall, Register, Remark
from app.api.contract.bounded import Bounded
from app.api.contract.gate import enveloped
from app.bootstrap import ContractSide
from app.errors import ConflictError
from app.services import (
    backend_diagnostics,
    backend_feedback,
    register,
    summaries,
    take_over,
)

AGAIN = "Known already; nothing was changed"
LONGEST = 10_000  # characters of a remark that are kept


def routes(side: ContractSide) -> APIRouter:
    """Make the routes under /user."""
    made = APIRouter(prefix="/user", route_class=Bounded)
    databases = side.databases

    @made.post("/register")
    def registered(call: Register) -> dict[str, Any]:
        """Store a questionnaire's answers; the worker reads the résumé and writes the summary."""
        answers = [(one.prompt, one.answer) for one in call.questions]
        with databases.backend() as backend:
            added = register.register(backend, call.user_id, answers, call.resume_link)
        return enveloped(f"{added} answers stored; the summary follows by webhook")

    @made.post("/approve-summary")
    def approve_summary(call: MemberCall) -> dict[str, Any]:
        """Approve a member's newest summary, which starts the matching; again changes nothing."""
        with databases.backend() as backend:
            approved = summaries.approve(backend, call.user_id)
        return enveloped(f"Summary {approved.version} approved")

    @made.post("/profile-updated")
    def profile_updated(call: MemberCall) -> dict[str, Any]:
        """Have a member's edited summary taken over; two calls at once are one."""
        with databases.backend() as backend:
            take_over.cause(backend, call.user_id, approved=False)
        return enveloped("The summary is read again")

    @made.post("/initiate-ai-chat")
    def initiate_ai_chat(call: InitiateChat) -> dict[str, Any]:
        """Let two members' assistants talk; the result comes by webhook."""
        if not databases.settings.beside_nestjs:
            raise ConflictError(
                "The result would go to the backend, and RECIPROCITY_BACKEND_URL is not set; nothing"
                " was begun."
            )
        with databases.backend() as backend:
            begun = backend_feedback.chat(
                backend, call.initiator_id, call.responder_id, call.match_id
            )
        return enveloped(
            "The assistants talk; the result follows" if begun else "The assistants talk already"
        )

    @made.post("/feedback")
    def feedback(call: Remark) -> dict[str, Any]:
        """Take a remark about a match or a conversation; the member's list is made anew."""
        said = "" if call.feedback is None else str(call.feedback)[:LONGEST]
        with databases.backend() as backend:
            new = backend_feedback.comment(backend, call.user_id, call.type, call.id, said)
        return enveloped("Feedback taken" if new else AGAIN)

    @made.post("/feedback-with-reasons")
    def feedback_with_reasons(call: Decision) -> dict[str, Any]:
        """Take a decision with its reasons; the member's list is made anew."""
        took = call.decision_time_ms
        with databases.backend() as backend:
            new = backend_feedback.decide(
                backend,
                call.user_id,
                call.match_id,
                call.decision,
                tags=[str(tag)[:200] for tag in call.reason_tags],
                text=call.reason_text[:LONGEST],
                milliseconds=None if took is None else int(max(0.0, min(took, 2**31 - 1))),
                attributes=call.other_user_attributes,
            )
        return enveloped("Decision taken" if new else AGAIN)

    @made.get("/run-scheduled-matchmaking")
    def run_scheduled_matchmaking() -> dict[str, Any]:
        """Have all lists made anew by the worker, as every night."""
        with databases.backend() as backend:
            begun = backend_diagnostics.match_everybody(backend)
        return enveloped("Matching is under way" if begun else "Matching waits to run already")

    return made
