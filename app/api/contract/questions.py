"""The backend's own questionnaire: wording its questions, reading free answers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.api.contract.bodies import ModifyQuestion, PredictAnswer
from app.api.contract.bounded import Bounded
from app.api.contract.gate import enveloped
from app.bootstrap import ContractSide
from app.domain.predictions import Option
from app.services import questionnaire

MOST_OPTIONS = 200
LONGEST = 2_000  # characters of an answer


def routes(side: ContractSide) -> APIRouter:
    """Make the two routes."""
    made = APIRouter(route_class=Bounded)

    @made.post("/modify-question")
    def modify_question(call: ModifyQuestion) -> dict[str, Any]:
        """Word a question so that it follows what was said; the chips come back as they came."""
        before = [_text(one) for one in call.previous_user_response]
        text = questionnaire.worded(side.reader.language_model, call.prompt, before)
        return enveloped("Worded", ai_text=text, suggestion_chips=call.suggestion_chips)

    @made.post("/predict-answer")
    def predict_answer(call: PredictAnswer) -> dict[str, Any]:
        """Say which option a free answer means; when that is unclear, what to ask."""
        options = {str(o.value): o for o in call.options[:MOST_OPTIONS]}
        found = questionnaire.predicted(
            side.embedder,
            [Option(str(o.label), value) for value, o in options.items()],
            call.user_response[:LONGEST],
        )
        return enveloped(
            "Read",
            valid_answer=found.option is not None,
            predicted_answer=None if found.option is None else options[found.option.value].value,
            fallback_text=found.fallback,
        )

    return made


def _text(said: object) -> str:
    if isinstance(said, dict):
        return " ".join(str(value) for value in said.values() if isinstance(value, str))
    return str(said)
