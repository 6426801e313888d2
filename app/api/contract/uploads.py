"""What browsers send without the backend's key: let in by a session that this service issued."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse

from app.api.contract.bounded import Bounded
from app.api.contract.gate import enveloped
from app.api.problems import problem
from app.bootstrap import ContractSide
from app.errors import InvalidInputError
from app.services import onboarding

LARGEST_RESUME = 5 * 1024 * 1024  # bytes, as the contract has it


def routes(side: ContractSide) -> APIRouter:
    """Make the two routes."""
    made = APIRouter(route_class=Bounded)

    @made.post("/onboarding/upload-resume")
    def upload_resume(
        file: Annotated[UploadFile, File()],
        session_id: Annotated[UUID, Form()],
        user_id: Annotated[UUID, Form()],
    ) -> dict[str, Any]:
        """Read a résumé into an onboarding; without a session that was issued to this member, 404."""
        side.own_session(session_id, user_id)
        content = file.file.read(LARGEST_RESUME + 1)
        if len(content) > LARGEST_RESUME:
            raise InvalidInputError("This file is larger than 5 MB; send a smaller one.")
        text = side.text_of(content)
        key = f"document:{hashlib.sha256(content).hexdigest()}"
        now = onboarding.hear(
            side.databases, side.reader, user_id, text, source="document", client_key=key
        )
        return enveloped("Read", session_id=str(now.session_id), progress_percent=now.progress)

    @made.post("/voice/transcribe")
    def transcribe() -> JSONResponse:
        """Say that there is no speech model here; nothing that is sent is read."""
        return problem(
            HTTPStatus.NOT_IMPLEMENTED,
            "no_speech_model",
            "This service has no speech model, so it cannot turn speech into text; let the member type.",
        )

    return made
