"""Publish events on the Redis that a NestJS backend listens to; who does not listen misses them."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

log = logging.getLogger(__name__)

TIMEOUT: Final = 1.0  # seconds for a connection and for an answer
QUIET: Final = 60.0  # seconds after a failure in which nothing is tried


class RedisEvents:
    """Publish, and never hold anybody up: what cannot be published is counted, said once, and gone."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None
        )
        self._clock = clock
        self._quiet_until = 0.0
        self._missed = 0

    def publish(self, channel: str, event: Mapping[str, Any]) -> None:
        """Publish one event as JSON."""
        if self._clock() < self._quiet_until:
            self._missed += 1
            return
        try:
            self._redis.publish(channel, json.dumps(event, separators=(",", ":")))
        except (redis.RedisError, OSError) as error:
            if not self._missed:
                # The kind and no more: the text of an error may name the address and its password.
                log.warning(
                    "The Redis of RECIPROCITY_BACKEND_EVENTS_URL cannot be reached (%s); events are"
                    " left out until it is back. Webhooks are delivered all the same.",
                    type(error).__name__,
                )
            self._missed += 1
            self._quiet_until = self._clock() + QUIET
            return
        if self._missed:
            log.warning("The Redis of the backend is back; %d events were left out.", self._missed)
            self._missed = 0
