"""Say from the data whether the platform can do its work, and what is wrong in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from app.databases.names import Database
from app.errors import ReciprocityError
from app.repositories.ai import revision as ai_revision
from app.repositories.backend import outbox
from app.repositories.backend import revision as backend_revision
from app.services.sight import Observation
from app.services.steps import Databases


class MigrationMissingError(ReciprocityError):
    """A database is at another revision than this code was written for."""

    code = "migration_missing"
    status = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """Hold one database's state: its revision, the one this code expects, and what is wrong."""

    revision: str | None
    expected: str
    wrong: str

    @property
    def ready(self) -> bool:
        """Say whether this database can be worked on."""
        return not self.wrong


@dataclass(slots=True)
class Report:
    """Hold both databases' states, the work that waits, and what the data say is wrong."""

    databases: dict[Database, DatabaseHealth]
    backlog: outbox.Backlog | None
    seen: Observation | None = None
    wrong: Sequence[str] = ()

    @property
    def ready(self) -> bool:
        """Say whether both databases can be worked on."""
        return all(one.ready for one in self.databases.values())

    def look(self, seen: Observation, model: str) -> None:
        """Add what was observed in the data, by a process with this embedding model."""
        self.seen, self.wrong = seen, seen.wrong(model=model)

    def plain(self) -> dict[str, Any]:
        """Give the report as JSON takes it."""
        status = "degraded" if self.wrong else "ready"
        told: dict[str, Any] = {"status": status if self.ready else "not ready"}
        if self.wrong:
            told["wrong"] = list(self.wrong)
        for name, one in self.databases.items():
            told[name.value] = {
                "status": "ready" if one.ready else "not ready",
                "revision": one.revision,
                "expected_revision": one.expected,
            } | ({"wrong": one.wrong} if one.wrong else {})
        if self.backlog is not None:
            told["outbox"] = {
                "pending": self.backlog.pending,
                "running": self.backlog.running,
                "dead": self.backlog.dead,
                "oldest_seconds": round(self.backlog.oldest, 1),
            }
        if self.seen is not None:
            done = self.seen.runs.succeeded_at if self.seen.runs else None
            told["members"] = {
                "approved": (self.seen.stages or {}).get("approved", 0),
                "with_vectors": self.seen.with_vectors,
                "without_vectors": self.seen.without_vectors,
                "orphans": self.seen.orphans,
            }
            told["last_successful_matching"] = done and done.isoformat(timespec="seconds")
        return told


def report(databases: Databases, heads: Mapping[Database, str]) -> Report:
    """Ask both databases; one that does not answer is reported, not raised."""
    backlog = None
    ai: DatabaseHealth
    backend_state: DatabaseHealth
    try:
        with databases.ai() as connection:
            ai = _judged(ai_revision.current(connection), heads[Database.AI], Database.AI)
    except ReciprocityError as error:
        ai = DatabaseHealth(None, heads[Database.AI], str(error))
    try:
        with databases.backend() as backend:
            found = backend_revision.current(backend)
            backend_state = _judged(found, heads[Database.BACKEND], Database.BACKEND)
            backlog = outbox.backlog(backend) if backend_state.ready else None
    except ReciprocityError as error:
        backend_state = DatabaseHealth(None, heads[Database.BACKEND], str(error))
    return Report({Database.AI: ai, Database.BACKEND: backend_state}, backlog)


def require_current(databases: Databases, heads: Mapping[Database, str]) -> None:
    """Refuse to work on a database whose migrations are missing; raise MigrationMissingError."""
    with databases.ai() as connection:
        ai = _judged(ai_revision.current(connection), heads[Database.AI], Database.AI)
    with databases.backend() as connection_backend:
        found = backend_revision.current(connection_backend)
    backend = _judged(found, heads[Database.BACKEND], Database.BACKEND)
    wrong = [one.wrong for one in (ai, backend) if not one.ready]
    if wrong:
        raise MigrationMissingError("; ".join(wrong) + ".")


def _judged(found: str | None, expected: str, database: Database) -> DatabaseHealth:
    if found == expected:
        return DatabaseHealth(found, expected, "")
    return DatabaseHealth(
        found,
        expected,
        f"The {database} database ({database.variable}) is at revision {found} and this code needs"
        f" {expected}; run `reciprocity migrate`",
    )
