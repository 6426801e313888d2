"""Bring in what a member answered in the backend's own questionnaire, and write their summary."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import InvalidInputError
from app.repositories.backend import backend_calls, onboarding, outbox
from app.services import onboarding_completion, resumes, topics
from app.services.onboarding_reading import Reader
from app.services.steps import Databases

log = logging.getLogger(__name__)


def register(
    backend: BackendConnection,
    user_id: UUID,
    answers: Sequence[tuple[str, str]],
    resume_link: str = "",
) -> int:
    """Store each answer with its question before anything else happens; give how many were new.

    The summary follows in the worker, which reads a linked résumé first. The same answers again are
    stored once. Raises NotFoundError when there is no such member.
    """
    onboarding.begin_status(backend, user_id)
    at = datetime.now(UTC)
    session = onboarding.open_session(backend, user_id, at)
    known = {message.client_key for message in onboarding.log(backend, session.id)}
    added = 0
    for prompt, answer in ((_storable(one), _storable(other)) for one, other in answers):
        key = "register:" + hashlib.sha256(f"{prompt}\0{answer}".encode()).hexdigest()
        if key in known or not any(letter.isalnum() for letter in answer):
            continue
        known.add(key)
        if prompt.strip():
            onboarding.add(backend, session, author="platform", text=prompt, at=at)
        onboarding.add(backend, session, author="member", text=answer, client_key=key, at=at)
        added += 1
    resumes.cause(backend, user_id, resume_link)
    if not backend_calls.work_waits(backend, user_id, topics.REGISTER, {}):
        outbox.add(backend, topics.REGISTER, [user_id])
    return added


def _storable(text: str) -> str:
    """Leave out what no text of PostgreSQL may hold."""
    return "".join(c for c in text if c != "\x00" and not "\ud800" <= c <= "\udfff")


def write_up(databases: Databases, reader: Reader, user_id: UUID, event_ids: Sequence[int]) -> None:
    """Understand what was stored and write the summary; without a need or offer there is none yet."""
    try:
        onboarding_completion.complete(databases, reader, user_id)
    except InvalidInputError as error:
        # Registering begins an onboarding; the conversation goes on and asks for what is missing.
        log.warning("no summary for %s after registering: %s", user_id, error)
    with databases.backend() as backend:
        outbox.done(backend, event_ids)
