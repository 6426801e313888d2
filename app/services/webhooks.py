"""Deliver webhooks, each until it is taken, refused or a day old; write down what became of each."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.domain.webhooks import meaning, retry_in, signature
from app.errors import ConflictError, NotFoundError
from app.repositories.backend import deliveries, endpoints, pairs_beside, told_events, users
from app.repositories.backend.deliveries import Attempt, Delivery
from app.services.steps import Databases
from app.services.telling import ADD, LIVES, REPLACE, TOLD_OF_MATCHES

log = logging.getLogger(__name__)

BATCH: Final = 4  # calls between two looks at the other work
LEASE: Final = timedelta(minutes=2)  # longer than any call may take
REST: Final = timedelta(seconds=60)  # after a 429 that names no time
LONGEST_REST: Final = timedelta(hours=1)
MATCHES_READY: Final = "2connect:events:matches_ready"  # the channel that the backend listens to


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold a receiver's answer; without a status there was none, and `error` says why."""

    status: int | None
    error: str = ""
    retry_after: timedelta | None = None


class Courier(Protocol):
    """Carry one webhook to the world."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body of JSON; whatever goes wrong is an answer and no exception."""
        ...


class Events(Protocol):
    """Say what has happened to whoever listens."""

    def publish(self, channel: str, event: Mapping[str, Any]) -> None:
        """Publish one event; it neither raises nor waits for long."""
        ...


@dataclass(frozen=True, slots=True)
class Couriers:
    """Hold who carries what. `backend_url` None: no other backend is there to be told."""

    to_operators: Courier
    to_backend: Courier
    backend_url: str | None = None
    backend_key: str = ""
    events: Events | None = None


def deliver(databases: Databases, couriers: Couriers) -> int:
    """Try what is due, a few at a time; give how many were tried. No transaction is open meanwhile."""
    with databases.backend() as backend:
        due = deliveries.claim(backend, limit=BATCH, lease=LEASE)
    for delivery in due:
        _deliver(databases, couriers, delivery)
    return len(due)


def _deliver(databases: Databases, couriers: Couriers, delivery: Delivery) -> None:
    with databases.backend() as backend:
        if _outdated(backend, delivery):
            deliveries.finish(backend, delivery.id, "superseded", error="members have left")
            return
        endpoint = delivery.endpoint_id and endpoints.one(backend, delivery.endpoint_id)
    transactions.nothing_open("delivering a webhook")
    begun = time.perf_counter()
    if delivery.endpoint_id is None:
        answer = _to_backend(couriers, delivery)
    elif endpoint:
        answer = _to_operator(couriers, delivery, endpoint)
    else:
        return  # removed meanwhile, and everything for it with it
    took = round((time.perf_counter() - begun) * 1000)
    with databases.backend() as backend:
        deliveries.log(
            backend,
            delivery,
            status_code=answer.status,
            error=answer.error or None,
            milliseconds=took,
        )
        _conclude(backend, delivery, answer)
    set_told = delivery.endpoint_id is None and delivery.kind == REPLACE
    if couriers.events and set_told and answer.status and meaning(answer.status) == "sent":
        with databases.backend() as backend:
            event = _event(backend, delivery)
        if event is not None:
            couriers.events.publish(MATCHES_READY, event)


def _event(backend: BackendConnection, delivery: Delivery) -> dict[str, Any] | None:
    """Compose what is said of a set that the backend has taken; None when nothing is known of it."""
    if delivery.user_id is None:
        return None
    partners = [UUID(entry["user_b_id"]) for entry in delivery.body["matches"]]
    found = told_events.origin(backend, delivery.user_id, partners, delivery.id)
    if found is None:
        return None
    return {
        "user_id": str(delivery.user_id),
        "match_count": len(partners) + found.added,
        "algorithm": found.algorithm,
        "reciprocal_updates": found.others_told,
        "trigger": "cron" if found.by_round else "onboarding" if found.first else "profile_edit",
        "timestamp": datetime.now(UTC).isoformat(),
    }


def _to_backend(couriers: Couriers, delivery: Delivery) -> Answer:
    if couriers.backend_url is None:
        return Answer(None, "RECIPROCITY_BACKEND_URL is not set, so there is nobody to tell")
    body = dict(delivery.body)
    if delivery.kind in TOLD_OF_MATCHES:
        body = {"batch_id": str(uuid4())} | body  # a new one for each call, as the contract has it
    return couriers.to_backend.post(
        f"{couriers.backend_url}/webhooks/{delivery.kind}",
        {"x-api-key": couriers.backend_key},
        _json(body),
    )


def _to_operator(couriers: Couriers, delivery: Delivery, endpoint: endpoints.Endpoint) -> Answer:
    body, at = _json(delivery.body), int(datetime.now(UTC).timestamp())
    name = f"msg_{delivery.id.hex}"  # the same at each attempt, so that a receiver can tell
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(endpoint.secret, name, at, body),
    }
    return couriers.to_operators.post(endpoint.url, headers, body)


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _outdated(backend: BackendConnection, delivery: Delivery) -> bool:
    """Say whether a set names somebody whom the backend does not know any more: it is made anew."""
    if delivery.endpoint_id is not None or delivery.kind not in TOLD_OF_MATCHES:
        return False
    named = {UUID(str(entry[key])) for entry in delivery.body["matches"] for key in entry if
             key in {"user_a_id", "user_b_id", "target_user_id"}}  # fmt: skip
    if delivery.user_id is None or len(users.by_ids(backend, list(named))) == len(named):
        return False
    _tell_anew(backend, delivery.user_id)
    return True


def _tell_anew(backend: BackendConnection, user_id: UUID) -> None:
    deliveries.forget_told(backend, [user_id])
    pairs_beside.cause_telling(backend, [user_id])


def _conclude(backend: BackendConnection, delivery: Delivery, answer: Answer) -> None:
    status, error = answer.status, answer.error or f"answered {answer.status}"
    match meaning(status):
        case "sent":
            deliveries.finish(backend, delivery.id, "sent", status_code=status)
            return
        case "refused":
            log.error("webhook %s %s was refused: %s", delivery.id, delivery.kind, error)
            _give_up(backend, delivery, status, error)
            return
        case "wait":
            wait = min(answer.retry_after or REST, LONGEST_REST)
            deliveries.hold(backend, delivery.endpoint_id, wait)
        case _:
            wait = retry_in(delivery.attempts)
    if datetime.now(UTC) + wait > delivery.give_up_at:
        log.error("webhook %s %s was given up: %s", delivery.id, delivery.kind, error)
        _give_up(backend, delivery, status, error)
        return
    log.warning("webhook %s %s: %s; again in %s", delivery.id, delivery.kind, error, wait)
    deliveries.put_back(backend, delivery.id, status_code=status, error=error[:2000], retry_in=wait)


def _give_up(
    backend: BackendConnection, delivery: Delivery, status: int | None, error: str
) -> None:
    deliveries.finish(backend, delivery.id, "failed", status_code=status, error=error[:2000])
    if delivery.endpoint_id is None and delivery.kind in TOLD_OF_MATCHES and delivery.user_id:
        # The set was not told, so the next one is told even when it is the same.
        deliveries.forget_told(backend, [delivery.user_id])


def listed(
    backend: BackendConnection, *, state: str | None = None, limit: int = 50
) -> list[Delivery]:
    """List webhooks, the newest first."""
    return deliveries.listed(backend, state=state, limit=limit)


def one(backend: BackendConnection, delivery_id: UUID) -> tuple[Delivery, list[Attempt]]:
    """Show one webhook with its log; raise NotFoundError when there is none."""
    found = deliveries.listed(backend, state=None, limit=1, ids=[delivery_id])
    if not found:
        raise NotFoundError(
            f"There is no webhook {delivery_id}; `reciprocity webhooks list` names them."
        )
    return found[0], deliveries.attempts(backend, delivery_id)


def replay(backend: BackendConnection, ids: Sequence[UUID]) -> int:
    """Have webhooks sent again; give how many. A member's set is made anew: an old one would undo.

    Raises NotFoundError for an unknown id, ConflictError for one that is still on its way.
    """
    found = [one(backend, delivery_id)[0] for delivery_id in ids]
    waiting = [delivery.id for delivery in found if delivery.state in {"waiting", "sending"}]
    if waiting:
        raise ConflictError(f"The webhook {waiting[0]} is still on its way; nothing was changed.")
    sets = {d.user_id for d in found if _is_set(d) and d.user_id}
    for user_id in sets:
        _tell_anew(backend, user_id)
    again = [d.id for d in found if not _is_set(d)]
    return len(sets) + (deliveries.replay(backend, again, LIVES) if again else 0)


def _is_set(delivery: Delivery) -> bool:
    return delivery.endpoint_id is None and delivery.kind in (REPLACE, ADD)
