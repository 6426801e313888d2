"""Metrics in Prometheus's form, read from the data when somebody asks for them.

Every series names its database. What the guard refused and what was requested is counted by the
processes that answer behind one port, together; all else comes out of the two databases, at which
each process looks at most every few seconds.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.databases import refusals
from app.databases.names import Database
from app.observability import together
from app.services.sight import Observation, Observer

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_REFUSALS: Final = "reciprocity_guard_refusals"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
Read = TypeVar("Read")


class Metrics:
    """Count what this process does, and show what all of them counted; the middleware tells it."""

    def __init__(self, observer: Observer) -> None:
        self._registry = CollectorRegistry()
        self._counted = CollectorRegistry() if os.environ.get(together.VARIABLE) else self._registry
        if self._counted is not self._registry:
            MultiProcessCollector(self._counted)  # type: ignore[no-untyped-call]
        self._data = CollectorRegistry()
        self._data.register(_FromTheData(observer))
        self._lock = threading.Lock()
        self._refusals_told = dict.fromkeys(Database, 0)
        self._refusals = Counter(
            _REFUSALS,
            "Statements that the guard kept from a database.",
            ("database",),
            registry=self._registry,
        )
        self._tell_refusals()
        self._requests = Counter(
            "reciprocity_http_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "reciprocity_http_request_seconds",
            "Time until a request was answered.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; a route is a template, never a path with ids in it."""
        method = method if method in _METHODS else "other"  # a caller may write any word there
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        self._tell_refusals()

    def text(self) -> bytes:
        """Write everything in Prometheus's text form."""
        self._tell_refusals()
        return _read(lambda: generate_latest(self._counted)) + generate_latest(self._data)

    def refused(self) -> dict[Database, int]:
        """Give how often the guard of each database has refused, in all processes together."""
        self._tell_refusals()
        totals = _read(lambda: [self._total(database) for database in Database])
        return dict(zip(Database, totals, strict=True))

    def _total(self, database: Database) -> int:
        labels = {"database": database.value}
        return int(self._counted.get_sample_value(f"{_REFUSALS}_total", labels) or 0)

    def _tell_refusals(self) -> None:
        """Bring the counter up to what the guard counted in this process."""
        with self._lock:
            for database, count in refusals.counted().items():
                more = count - self._refusals_told[database]
                self._refusals.labels(database.value).inc(more)
                self._refusals_told[database] = count


def _read(counted: Callable[[], Read]) -> Read:
    """Read what all processes counted."""
    try:
        return counted()
    except struct.error:  # a process that begins has made its file and not written into it yet
        time.sleep(0.1)
        return counted()


class _FromTheData(Collector):
    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def describe(self) -> list[Metric]:
        """Say nothing beforehand: the databases need not answer when a process begins."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Look at the databases and give what was seen."""
        seen = self._observer.look()
        yield _gauge(
            "reciprocity_database_up",
            "Whether the database answers as the one it should be.",
            {database: 0 if database in seen.down else 1 for database in Database},
        )
        yield from _of_backend(seen)
        yield from _of_ai(seen)
        yield GaugeMetricFamily(
            "reciprocity_observation_seconds", "How long looking at the data took.", seen.seconds
        )


def _of_webhooks(seen: Observation) -> Iterator[Metric]:
    if seen.webhooks is not None:
        webhooks = GaugeMetricFamily(
            "reciprocity_webhooks",
            "Webhooks that wait or failed for good, by receiver (backend, operator) and state.",
            labels=["database", "receiver", "state"],
        )
        for receiver in ("backend", "operator"):
            for state in ("waiting", "sending", "failed"):
                count = seen.webhooks.get((receiver, state), 0)
                webhooks.add_metric([Database.BACKEND.value, receiver, state], count)
        yield webhooks


def _of_backend(seen: Observation) -> Iterator[Metric]:
    backend = Database.BACKEND.value
    if seen.stages is not None:
        stages = GaugeMetricFamily(
            "reciprocity_members", "Members by stage.", labels=["database", "stage"]
        )
        for stage, count in seen.stages.items():
            stages.add_metric([backend, stage], count)
        yield stages
    if seen.work is not None:
        events = GaugeMetricFamily(
            "reciprocity_outbox_events",
            "Work that is not done, by topic and state.",
            labels=["database", "topic", "state"],
        )
        for (topic, state), count in seen.work.items():
            events.add_metric([backend, topic, state], count)
        yield events
    if seen.backlog is not None:
        yield _gauge(
            "reciprocity_outbox_oldest_seconds",
            "Age of the oldest work that is not done.",
            {Database.BACKEND: seen.backlog.oldest},
        )
        yield _gauge(
            "reciprocity_dead_letters",
            "Work that was given up.",
            {Database.BACKEND: seen.backlog.dead},
        )
    yield from _of_webhooks(seen)
    if seen.runs is not None:
        yield _gauge(
            "reciprocity_last_matching_failed",
            "Whether the newest matching run failed.",
            {Database.BACKEND: int(seen.runs.state == "failed")},
        )
        if seen.runs.succeeded_at is not None:
            yield _gauge(
                "reciprocity_last_matching_timestamp_seconds",
                "When the newest successful matching run ended.",
                {Database.BACKEND: seen.runs.succeeded_at.timestamp()},
            )


def _of_ai(seen: Observation) -> Iterator[Metric]:
    for name, words, value in (
        ("members_with_vectors", "Members whose vectors serve.", seen.with_vectors),
        (
            "summaries_without_vectors",
            "Approved summaries of which no vectors of their version serve.",
            seen.without_vectors,
        ),
        (
            "summaries_without_vectors_or_work",
            "Those of them for which no work waits.",
            seen.untended,
        ),
        ("orphan_vectors", "Members with vectors and no approved summary.", seen.orphans),
    ):
        if value is not None:
            yield _gauge(f"reciprocity_{name}", words, {Database.AI: value})


def _gauge(name: str, words: str, values: dict[Database, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["database"])
    for database, value in values.items():
        family.add_metric([database.value], value)
    return family
