"""Do the work that stands in the outbox beside a NestJS backend: what it asked for, what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.errors import ReciprocityError
from app.repositories.backend.outbox import Event
from app.services import ai_chat, register, resumes, steps, take_over, telling, topics, webhooks
from app.services.onboarding_reading import Reader
from app.services.resumes import Resumes
from app.services.steps import Databases
from app.services.webhooks import Couriers

BATCH: Final = {
    topics.TAKE_OVER: 100,
    topics.REGISTER: 1,
    topics.RESUME: 1,
    topics.TELL_MATCHES: 100,
    topics.AI_CHAT: 1,
}


class NoReaderError(ReciprocityError):
    """A worker has work that it was not set up for."""

    code = "no_reader"


@dataclass(frozen=True, slots=True)
class Beside:
    """Hold what this work needs beyond the databases; a worker that lacks it leaves the work."""

    reader: Reader | None = None
    couriers: Couriers | None = None
    resumes: Resumes | None = None

    def act(self, databases: Databases, topic: str, events: Sequence[Event]) -> None:
        """Do one topic's work; every step closes its own events."""
        users = list(dict.fromkeys(event.user_id for event in events if event.user_id))
        ids = [event.id for event in events]
        if topic == topics.TELL_MATCHES:
            steps.run(databases, telling.STEPS, telling.TellJob(users, ids))
        elif topic == topics.TAKE_OVER:
            expected = dict.fromkeys(users, False)
            for event in events:
                if event.user_id and event.payload.get("approved"):
                    expected[event.user_id] = True
            steps.run(databases, take_over.STEPS, take_over.TakeOverJob(self.reader, expected, ids))
        elif topic == topics.REGISTER:
            for user_id in users:
                register.write_up(databases, self._needed(), user_id, ids)
        elif topic == topics.RESUME:
            for event in events:
                self._read_resume(databases, event)
        else:
            for event in events:
                self._chat(databases, event)

    def _needed(self) -> Reader:
        if self.reader is None:
            raise NoReaderError("This worker cannot read what members say; start it as a worker.")
        return self.reader

    def _read_resume(self, databases: Databases, event: Event) -> None:
        if self.resumes is None or event.user_id is None:
            raise NoReaderError("This worker cannot fetch résumés; start it as a worker.")
        resumes.read(databases, self._needed(), self.resumes, event.user_id, event)

    def _chat(self, databases: Databases, event: Event) -> None:
        if event.user_id is None:
            raise NoReaderError("A conversation of assistants names no initiator.")
        job = ai_chat.ChatJob(
            initiator_id=event.user_id,
            responder_id=UUID(event.payload["responder_id"]),
            match_id=UUID(event.payload["match_id"]),
            model=self.reader.language_model if self.reader else None,
            event_ids=[event.id],
        )
        ai_chat.run(databases, job)

    def deliver(self, databases: Databases) -> int:
        """Try webhooks that are due; give how many."""
        return webhooks.deliver(databases, self.couriers) if self.couriers else 0
