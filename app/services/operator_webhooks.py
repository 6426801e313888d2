"""Tell operators' endpoints of events: who and what, never a member's words."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.domain.webhooks import secret_of
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import deliveries, endpoints
from app.repositories.backend.endpoints import Endpoint
from app.services.steps import Databases

LIVES: Final = timedelta(days=1)  # so long an event is tried again
_SECRET_BYTES: Final = 32

ONBOARDED, APPROVED, ACCEPTED, TEST = (
    "member.onboarded",
    "summary.approved",
    "introduction.accepted",
    "webhook.test",
)
TOPICS: Final = {
    ONBOARDED: "A member has a summary to approve",
    APPROVED: "A member approved a summary, and their matches are made",
    ACCEPTED: "Two members both said yes",
    TEST: "Somebody asked for a test",
}


class Targets(Protocol):
    """Judge where webhooks may be sent."""

    def checked(self, url: str) -> str:
        """Give the address behind a URL; raise InvalidInputError saying what is wrong with it."""
        ...


def add(databases: Databases, targets: Targets, url: str, topics: Sequence[str] = ()) -> Endpoint:
    """Add an endpoint, its target checked; its secret is shown now and never again.

    Raises InvalidInputError for a target or a topic that cannot be taken, ConflictError for a URL
    that is there already.
    """
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        raise InvalidInputError(f"{unknown[0]!r} is no topic; there are {', '.join(TOPICS)}.")
    transactions.nothing_open("resolving a target")
    targets.checked(url)
    secret = secret_of(secrets.token_bytes(_SECRET_BYTES))
    made = Endpoint(uuid4(), url, secret, tuple(dict.fromkeys(topics)), datetime.now(UTC))
    with databases.backend() as backend:
        if not endpoints.add(backend, made):
            raise ConflictError(
                f"{url} is told of events already; remove it first to give it another secret."
            )
    return made


def remove(backend: BackendConnection, endpoint_id: UUID) -> None:
    """Remove an endpoint with its log; what waits for it is not sent any more."""
    if not endpoints.remove(backend, endpoint_id):
        raise NotFoundError(
            f"There is no endpoint {endpoint_id}; `reciprocity webhooks endpoints` names them."
        )


def listed(backend: BackendConnection) -> list[Endpoint]:
    """List the endpoints; their secrets are for signing and not for showing."""
    return endpoints.listed(backend)


def emit(
    backend: BackendConnection, topic: str, data: dict[str, Any], *, user_id: UUID | None = None
) -> int:
    """Write an event for whoever wants it, in the transaction of what it tells of; give for how many."""
    body = {"type": topic, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    wanting = endpoints.wanting(backend, topic)
    for endpoint_id in wanting:
        deliveries.add(backend, topic, body, user_id=user_id, lives=LIVES, endpoint_id=endpoint_id)
    return len(wanting)
