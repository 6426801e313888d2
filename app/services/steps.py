"""A task is a list of steps, each one transaction in one database, or none.

Steps follow one another and never overlap: the type of a step says which connection it is given,
and what a step leaves behind travels in the job, never in an open transaction. A step that says when
it is `needed` is left out, transaction and all, where what came before it has made it idle. One that
`joins` others goes on in the transaction of whichever of them was done right before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
    joins: Sequence[str] = ()

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

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Take the time of a step, and trace it."""
        begun = time.perf_counter()
        with tracing.span(name):
            yield
        self.add(name, time.perf_counter() - begun)


def run(
    databases: Databases, steps: Sequence[Step[Job]], job: Job, timings: Timings | None = None
) -> Job:
    """Run the steps one after another; an error stops them, and what was committed stays."""
    ahead = (step for step in steps if step.needed is None or step.needed(job))
    times = timings or Timings()
    step = next(ahead, None)
    while step is not None:
        if isinstance(step, OnBackend):
            step = _in_one_transaction(databases, step, ahead, job, times)
        else:
            with times.of(step.name):
                step.run(databases, job)
            step = next(ahead, None)
    return job


def _in_one_transaction(
    databases: Databases,
    first: OnBackend[Job],
    ahead: Iterator[Step[Job]],
    job: Job,
    times: Timings,
) -> Step[Job] | None:
    """Do a step and those that join it; give the one that is to follow, if any."""
    with ExitStack() as timed:
        timed.enter_context(times.of(first.name))
        with databases.backend() as backend:
            first.act(backend, job)
            step, following = first, next(ahead, None)
            while isinstance(following, OnBackend) and step.name in following.joins:
                timed.pop_all().close()  # the last of them takes the commit's time as well
                timed.enter_context(times.of(following.name))
                following.act(backend, job)
                step, following = following, next(ahead, None)
        return following
