"""Tell those who run this place how it is: both databases, members by stage, work, the last run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.databases import identity, refusals
from app.databases.connections import DatabaseConnection
from app.databases.names import Database
from app.errors import ReciprocityError
from app.repositories.backend import index_recall, operator_overview
from app.repositories.backend.operator_overview import Run
from app.services import health
from app.services.health import DatabaseHealth
from app.services.sight import Observation, Observer
from app.services.steps import Databases

RUNS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Half:
    """Hold one database: what it says it is, where it is, and whether it can be worked on."""

    database: Database
    health: DatabaseHealth
    name: str = ""
    server: str = ""
    version: str = ""
    environment: str = ""
    pair_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Hold everything that the first page tells.

    `way` counts members by how far they came, `aside` those who take no part; None stands where a
    database did not answer. `recall` is what share of the ten best the index finds, where it answers.
    """

    status: str
    wrong: Sequence[str]
    halves: Sequence[Half]
    way: Mapping[str, int | None]
    aside: Mapping[str, int]
    seen: Observation
    runs: Sequence[Run]
    recall: float | None
    refusals: Mapping[Database, int]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Hold what looks: the observer of the data, the newest revisions, this process's model.

    `refused` counts what the guard refused; of this process alone, unless somebody counts for more.
    """

    observer: Observer
    heads: Mapping[Database, str]
    model: str
    refused: Callable[[], Mapping[Database, int]] = refusals.counted


def look(databases: Databases, eyes: Eyes) -> Overview:
    """Look at both databases, one after the other; one that does not answer is told, not raised."""
    report = health.report(databases, eyes.heads)
    report.look(eyes.observer.look(), eyes.model)
    seen = eyes.observer.look()
    halves = _halves(databases, report)
    matched: int | None = None
    runs: Sequence[Run] = ()
    recall: float | None = None
    if report.databases[Database.BACKEND].ready:
        with databases.backend() as backend:
            matched = operator_overview.with_matches(backend)
            runs = operator_overview.last_runs(backend, RUNS_SHOWN)
            recall = index_recall.of_last_run(backend)
    stages = seen.stages or {}
    return Overview(
        status=report.plain()["status"],
        wrong=[one.wrong for one in report.databases.values() if one.wrong] + list(report.wrong),
        halves=halves,
        way=_way(seen, matched),
        aside={name: stages.get(name, 0) for name in ("paused", "inactive")},
        seen=seen,
        runs=runs,
        recall=recall,
        refusals=eyes.refused(),
    )


def _halves(databases: Databases, report: health.Report) -> list[Half]:
    """Ask each database what it is; what is wrong with one stands in its health already."""
    halves = []
    for database, its_health in report.databases.items():
        half = Half(database, its_health)
        try:
            if database is Database.AI:
                with databases.ai() as ai:
                    half = _half(ai, its_health)
            else:
                with databases.backend() as backend:
                    half = _half(backend, its_health)
        except ReciprocityError as error:
            if its_health.ready:  # it went away since
                half = Half(database, DatabaseHealth(None, its_health.expected, str(error)))
        halves.append(half)
    return halves


def _half(connection: DatabaseConnection, its_health: DatabaseHealth) -> Half:
    marker, info = identity.read(connection), connection.info
    major, minor = divmod(info.server_version, 10_000)
    return Half(
        connection.database,
        its_health,
        name=info.dbname,
        server=f"{info.host}:{info.port}",
        version=f"{major}.{minor}",
        environment=marker.environment if marker else "",
        pair_id=marker.pair_id if marker else None,
    )


def _way(seen: Observation, matched: int | None) -> dict[str, int | None]:
    if seen.stages is None:
        return {}
    order = ("not_started", "in_progress", "waiting_for_approval", "approved")
    counts = [seen.stages.get(name, 0) for name in order]
    return {
        "signed_up": sum(counts),
        "onboarding_begun": sum(counts[1:]),
        "onboarding_completed": sum(counts[2:]),
        "summary_approved": counts[3],
        "with_vectors": seen.with_vectors,
        "with_matches": matched,
    }
