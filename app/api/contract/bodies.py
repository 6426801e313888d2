"""What the backend sends. Fields it adds are passed over; what is read is checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Texts = Annotated[list[Any], BeforeValidator(lambda value: [] if value is None else value)]
Said = Annotated[str, StringConstraints(max_length=200_000)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Call(BaseModel):
    """Be one call's body."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class MemberCall(Call):
    """Name the member a call is about."""

    user_id: UUID


class Start(MemberCall):
    """Begin an onboarding."""

    objective: Text = ""


class Chat(MemberCall):
    """Say something in an onboarding."""

    message: Said
    session_id: UUID | None = None


class Complete(MemberCall):
    """End an onboarding."""

    session_id: UUID
    slot_overrides: dict[str, Any] | None = None


class Answered(Call):
    """Hold a question of the backend's questionnaire, with its answer."""

    prompt: Text = ""
    answer: Text = ""


class Register(MemberCall):
    """Bring in the answers of the backend's questionnaire."""

    update: Any = None
    resume_link: Text = ""
    questions: list[Answered] = Field(default_factory=list)


class InitiateChat(Call):
    """Let two members' assistants talk."""

    initiator_id: UUID
    responder_id: UUID
    match_id: UUID
    template: Any = None


class Remark(MemberCall):
    """Say something about a match or a conversation of assistants."""

    type: Literal["match", "chat"]
    id: UUID
    feedback: Any = None


class Decision(MemberCall):
    """Tell a decision with its reasons."""

    match_id: UUID
    decision: Annotated[str, StringConstraints(max_length=100)]
    reason_tags: Texts = Field(default_factory=list)
    reason_text: Text = ""
    decision_time_ms: float | None = None
    other_user_attributes: dict[str, Any] | None = None


class ModifyQuestion(Call):
    """Ask for a question in words that follow the answers before it."""

    previous_user_response: Texts = Field(default_factory=list)
    question_id: Any = None
    code: Any = None
    prompt: Text = ""
    description: Any = None
    narration: Any = None
    suggestion_chips: Any = None
    options: Any = None


class Choice(Call):
    """Hold an answer that may be chosen."""

    label: Any = ""
    value: Any = ""


class PredictAnswer(Call):
    """Ask which option a free answer means."""

    options: Annotated[
        list[Choice], BeforeValidator(lambda value: [] if value is None else value)
    ] = Field(default_factory=list)
    user_response: Text = ""


class Explain(Call):
    """Ask what one member is to another."""

    match_id: UUID | None = None
    user_a_id: UUID
    user_b_id: UUID
    force_refresh: Any = None


class IceBreakers(Call):
    """Ask for first sentences to somebody."""

    match_id: UUID | None = None
    user_id: UUID
    other_user_id: UUID
    context: Any = None
