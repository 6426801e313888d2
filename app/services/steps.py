"""A task is a list of steps, each one transaction in one database, or none.

Steps follow one another and never overlap: the type of a step says which connection it is given,
and what a step leaves behind travels in the job, never in an open transaction. A step that says when
it is `needed` is left out, transaction and all, where what came before it has made it idle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from app.databases import transactions
from app.databases.connections import AIConnection, BackendConnection
from app.observability import tracing

Job = TypeVar("Job")


class Databases(Protocol):
    """Open one transaction in one database; the adapter does."""

    def ai(self) -> AbstractContextManager[AIConnection]:
        """Open a transaction in the AI database."""
        ...

    def backend(self) -> AbstractContextManager[BackendConnection]:
        """Open a transaction in the backend database."""
        ...


@dataclass(frozen=True, slots=True)
class OnAI(Generic[Job]):
    """Be a step inside one transaction of the AI database."""

    name: str
    act: Callable[[AIConnection, Job], None]
    needed: Callable[[Job], object] | None = None

    def run(self, databases: Databases, job: Job) -> None:
        """Do the step and commit."""
        with databases.ai() as ai:
            self.act(ai, job)


@dataclass(frozen=True, slots=True)
class OnBackend(Generic[Job]):
    """Be a step inside one transaction of the backend database."""

    name: str
    act: Callable[[BackendConnection, Job], None]
    needed: Callable[[Job], object] | None = None

    def run(self, databases: Databases, job: Job) -> None:
        """Do the step and commit."""
        with databases.backend() as backend:
            self.act(backend, job)


@dataclass(frozen=True, slots=True)
class Outside(Generic[Job]):
    """Be a step with no transaction open: a model, the network, arithmetic."""

    name: str
    act: Callable[[Job], None]
    needed: Callable[[Job], object] | None = None

    def run(self, databases: Databases, job: Job) -> None:  # noqa: ARG002 - one shape for all steps
        """Do the step."""
        transactions.nothing_open(f"the step '{self.name}'")
        self.act(job)


Step = OnAI[Job] | OnBackend[Job] | Outside[Job]


@dataclass(slots=True)
class Timings:
    """Hold how long each step took, in seconds, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        """Add to what a step has taken so far."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def run(
    databases: Databases, steps: Sequence[Step[Job]], job: Job, timings: Timings | None = None
) -> Job:
    """Run the steps one after another; an error stops them, and what was committed stays."""
    for step in steps:
        if step.needed is not None and not step.needed(job):
            continue
        begun = time.perf_counter()
        with tracing.span(step.name):
            step.run(databases, job)
        if timings is not None:
            timings.add(step.name, time.perf_counter() - begun)
    return job
