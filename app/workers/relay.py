"""Look at the outbox and do what is due, in batches that fail one by one and never as a whole."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.databases.errors import DatabaseUnavailableError
from app.domain.backoff import MOST_ATTEMPTS, retry_in
from app.domain.matching.rounds import FAIRNESS
from app.errors import ReciprocityError
from app.observability import correlation, tracing
from app.repositories.ai.vector_sets import AnotherModelServesError
from app.repositories.backend import haste, outbox
from app.repositories.backend.runs import OvertakenError
from app.services import embed, erasure, match_sync, steps, topics
from app.services.ports import Embedder
from app.workers.beside import BATCH as BATCH_BESIDE
from app.workers.beside import Beside
from app.workers.lease import LEASE, Leases

log = logging.getLogger(__name__)

MOST_NAMED: Final = 20  # requests named in one line of the log
APART_FROM: Final = 3  # the attempt from which work is done in smaller groups
LONGEST_DELIVERING: Final = 30.0  # seconds of one look in which webhooks are begun
LONGEST_FETCHING: Final = LONGEST_DELIVERING  # seconds of one look spent on résumés, then none more
AGAIN_AFTER: Final = timedelta(seconds=5)  # when a database was away
_FETCHING: Final = (topics.RESUME,)
_OURS: Final = tuple(topic for topic in topics.TOPICS if topic not in _FETCHING)
BATCH: Final = {topics.ERASE: 500, topics.EMBED: 500, topics.MATCH_SYNC: 100_000} | BATCH_BESIDE


class WorkerLostError(ReciprocityError):
    """Work took its worker with it as often as it was tried."""

    code = "worker_lost"


def _apart(
    claimed: Sequence[outbox.Event],
) -> tuple[Sequence[outbox.Event], Sequence[outbox.Event]]:
    """Part work that may take its worker with it from other work, in ever smaller groups.

    A worker may die for reasons of its own, so that what was in its hands is not doomed for it: only
    from the sixth attempt on is a piece of work done alone.
    """
    least = min((event.attempts for event in claimed), default=0)
    if least < APART_FROM:
        chosen = [event for event in claimed if event.attempts < APART_FROM]
    else:
        size = max(1, BATCH[topics.EMBED] >> 2 * (least - APART_FROM + 1))
        chosen = [event for event in claimed if event.attempts == least][:size]
    ids = {event.id for event in chosen}
    return chosen, [event for event in claimed if event.id not in ids]


def _tell(topic: str, events: Sequence[outbox.Event]) -> None:
    causes = sorted({str(e.payload["request"]) for e in events if "request" in e.payload})
    log.info(
        "%s for %d begins", topic, len(events), extra={"requests": " ".join(causes[:MOST_NAMED])}
    )


@dataclass(slots=True)
class Relay:
    """Do the work of the outbox, topic by topic, with one platform's databases and model."""

    databases: steps.Databases
    embedder: Embedder
    fairness: float = FAIRNESS
    timings: steps.Timings = field(default_factory=steps.Timings)
    beside: Beside = field(default_factory=Beside)
    _leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self._leases = Leases(self.databases, lease=LEASE)

    def look(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Do everything that is due; give how many events were done."""
        with correlation.holding("task", correlation.new()):
            return self._look(stop)

    def _look(self, stop: Callable[[], bool]) -> int:
        done, fetching, begun = 0, 0.0, time.perf_counter()
        self.timings = steps.Timings()
        while not stop():
            # A receiver that hangs shall not keep the worker from what else is queued for it.
            in_time = time.perf_counter() - begun < LONGEST_DELIVERING
            done_now = self._once(deliver=in_time)
            if not done_now and fetching < LONGEST_FETCHING:
                since = time.perf_counter()
                done_now = self._work(_FETCHING)
                fetching += time.perf_counter() - since
            if not done_now:
                break
            done += done_now
        if done:
            stages = ", ".join(f"{name} {took:.2f}" for name, took in self.timings.seconds.items())
            log.info("%d events in %.2f s (%s)", done, time.perf_counter() - begun, stages)
        return done

    def _once(self, *, deliver: bool) -> int:
        """Take the first topic that has work, else webhooks; whatever waits for other places is last."""
        done = self._work(_OURS)
        return self.beside.deliver(self.databases) if deliver and not done else done

    def _work(self, among: Sequence[str]) -> int:
        """Do what is due of the first of these topics that has anything due; give how many."""
        events = self._claimed(among)
        if events:
            topic = events[0].topic
            _tell(topic, events)
            with self._leases.held([event.id for event in events]), tracing.span(topic):
                self._do(topic, events)
        return len(events)

    def _claimed(self, among: Sequence[str]) -> Sequence[outbox.Event]:
        """Claim what is due of the first topic that has anything due, in one transaction."""
        with self.databases.backend() as backend:
            haste.plan_once_and_trust_memory(backend)  # a claim forgotten is work to be claimed
            for topic in outbox.open_topics(backend, among):
                claimed = outbox.claim(backend, [topic], limit=BATCH[topic], lease=LEASE)
                events, others = _apart(claimed)
                if others:
                    outbox.release(backend, [event.id for event in others])
                if events:
                    return events
        return ()

    def _do(self, topic: str, events: Sequence[outbox.Event]) -> None:
        try:
            self._act(topic, events)
        except (DatabaseUnavailableError, OvertakenError, AnotherModelServesError) as error:
            # No fault of any one member: none would fare better alone, and none shall be given up.
            log.warning("%s has to wait for %d: %s", topic, len(events), error)
            with self.databases.backend() as backend:
                ids = [event.id for event in events]
                outbox.postpone(backend, ids, str(error), retry_in=AGAIN_AFTER)
        except Exception as error:  # noqa: BLE001 - whatever it was is written down and tried again
            if len(events) > 1:
                log.warning(
                    "%s failed for %d at once (%s); each alone now", topic, len(events), error
                )
                for event in events:
                    self._do(topic, [event])
            else:
                self._put_back(events[0], error)

    def _act(self, topic: str, events: Sequence[outbox.Event]) -> None:
        if events[0].attempts > MOST_ATTEMPTS:
            raise WorkerLostError(
                f"whoever worked on it did not come to an end, {MOST_ATTEMPTS} times: the worker was"
                " killed each time, perhaps for want of memory"
            )
        user_ids: list[UUID] = list(dict.fromkeys(e.user_id for e in events if e.user_id))
        event_ids = [event.id for event in events]
        if topic == topics.ERASE:
            erased = erasure.EraseJob(user_ids, event_ids)
            steps.run(self.databases, erasure.STEPS, erased, self.timings)
        elif topic == topics.EMBED:
            made = embed.EmbedJob(self.embedder, user_ids, event_ids)
            steps.run(self.databases, embed.STEPS, made, self.timings)
        elif topic in BATCH_BESIDE:
            self.beside.act(self.databases, topic, events)
        else:
            everybody = any(event.user_id is None for event in events)
            job = match_sync.MatchJob(
                self.embedder,
                None if everybody else user_ids,
                trigger="outbox",
                fairness=self.fairness,
                event_ids=event_ids,
            )
            match_sync.run(self.databases, job, self.timings)

    def _put_back(self, event: outbox.Event, error: Exception) -> None:
        delay = retry_in(event.attempts)
        log.error(
            "event %d (%s) failed at attempt %d: %s; %s",
            event.id,
            event.topic,
            event.attempts,
            error,
            "it is dead until somebody mends it" if delay is None else f"again in {delay}",
            exc_info=error,
        )
        with self.databases.backend() as backend:
            outbox.failed(backend, [event.id], f"{type(error).__name__}: {error}", retry_in=delay)
