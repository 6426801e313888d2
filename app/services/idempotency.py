"""Carry out a program's call once for each key it sends, and give the same answer again for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.errors import ConflictError, InvalidInputError, ReciprocityError
from app.repositories.backend import idempotency
from app.services.steps import Databases

LIVES: Final = timedelta(hours=24)
PATIENCE: Final = timedelta(minutes=2)  # after which a call that was never answered counts as lost
LONGEST_KEY: Final = 100  # characters


class KeyReusedError(ReciprocityError):
    """A key was sent before with something else."""

    code = "idempotency_key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InProgressError(ConflictError):
    """The first call with a key is still being carried out."""

    code = "idempotency_in_progress"


class NotKeptError(ConflictError):
    """A call was carried out whose answer lets somebody in, so that it was not kept."""

    code = "idempotency_answer_not_kept"


@dataclass(frozen=True, slots=True)
class Call:
    """Name a call: who makes it, with which key, and a digest of what they ask."""

    caller: bytes
    key: str
    fingerprint: bytes
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a call was answered."""

    status: int
    kind: str
    body: bytes


def begin(databases: Databases, call: Call) -> Answer | None:
    """Take the key of a call that is to be carried out now; give the answer if it was already.

    Raises KeyReusedError, InProgressError, NotKeptError or, for a key that is none, InvalidInputError.
    """
    if not 0 < len(call.key) <= LONGEST_KEY or not call.key.isprintable():
        raise InvalidInputError(
            "An Idempotency-Key has 1 to {longest} printable characters.", longest=LONGEST_KEY
        )
    at = datetime.now(UTC)
    with databases.backend() as backend:
        stale = at - PATIENCE
        if idempotency.claim(
            backend, call.caller, call.key, call.fingerprint, call.user_id, at=at, stale=stale
        ):
            return None
        known = idempotency.find(backend, call.caller, call.key)
    if known is not None and known.fingerprint != call.fingerprint:
        raise KeyReusedError(
            "This Idempotency-Key was sent with another request; use a new key for a new request."
        )
    if known is None or known.status is None:
        raise InProgressError("The first request with this Idempotency-Key is still at work; wait.")
    if known.status == HTTPStatus.CREATED and not known.body:
        raise NotKeptError(
            "This request was carried out, and its answer, which lets in, is told once only. Send it"
            " with a new key."
        )
    return Answer(known.status, known.kind, known.body)


def finish(databases: Databases, call: Call, answer: Answer, *, secret: bool) -> None:
    """Keep what a call was answered; of an answer that lets somebody in only that there was one."""
    kept = b"" if secret else answer.body
    with databases.backend() as backend:
        idempotency.answered(backend, call.caller, call.key, answer.status, answer.kind, kept)


def abandon(databases: Databases, call: Call) -> None:
    """Give back the key of a call that was refused or failed, so that it can be made again."""
    with databases.backend() as backend:
        idempotency.release(backend, call.caller, call.key)


def forget_old(backend: BackendConnection) -> int:
    """Forget what was answered more than a day ago; give how much."""
    return idempotency.forget(backend, datetime.now(UTC) - LIVES)
