"""Answer the five lines of the architecture document's checklist, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from app.databases import dictionary
from app.databases.connections import AIConnection, BackendConnection, DatabaseConnection
from app.databases.errors import WrongDatabaseError
from app.databases.names import Database
from app.doctor.files import COMPOSE
from app.doctor.findings import Finding, good, skipped, wrong
from app.settings import Sources, read_env_file

TOPIC: Final = "checklist"
LINES: Final = (
    "Am I using the right database connection?",
    "Is `RECIPROCITY_BACKEND_DB_URL` set in docker-compose.yml?",
    "Is `RECIPROCITY_BACKEND_DB_URL` set in .env?",
    "Am I using `get_backend_connection()` for backend tables?",
    "Am I using `get_connection()` for AI-only data (embeddings)?",
)


def answers(
    sources: Sources, folder: Path, living: Sequence[Finding], files: Sequence[Finding]
) -> Iterator[Finding]:
    """Answer each line from what was found, or from what the guard does."""
    yield _connections(living)
    yield _compose(folder, files)
    yield _env(sources)
    yield _tables(LINES[3], Database.BACKEND, BackendConnection, AIConnection)
    yield _tables(LINES[4], Database.AI, AIConnection, BackendConnection)


def _connections(living: Sequence[Finding]) -> Finding:
    looked = [f for f in living if f.name in {"reachable", "identity", "pair"}]
    bad = [f for f in looked if f.status == "wrong"]
    if bad:
        return wrong(
            TOPIC, LINES[0], f"no: {bad[0].topic}, {bad[0].name}", "mend what stands above"
        )
    if not any(f.name == "pair" and f.status == "good" for f in looked):
        return skipped(TOPIC, LINES[0], "the databases were not looked at")
    return good(TOPIC, LINES[0], "yes: each address reaches the database it names")


def _compose(folder: Path, files: Sequence[Finding]) -> Finding:
    if not (folder / COMPOSE).is_file():
        return skipped(TOPIC, LINES[1], f"there is no {COMPOSE} in {folder}")
    bad = [f for f in files if f.name.startswith(COMPOSE) and f.status == "wrong"]
    if bad:
        return wrong(TOPIC, LINES[1], f"no: {bad[0].name}: {bad[0].says}", bad[0].fix)
    return good(TOPIC, LINES[1], "yes, for ai-service and celery-worker")


def _env(sources: Sources) -> Finding:
    variable = Database.BACKEND.variable
    if read_env_file(Path(sources.file)).get(variable, "").strip():
        return good(TOPIC, LINES[2], f"yes ({sources.file})")
    if sources.values.get(variable, "").strip():
        return good(TOPIC, LINES[2], "it comes from the environment, which is before any file")
    return wrong(TOPIC, LINES[2], f"no: {sources.file} does not hold it", "see .env.example")


def _tables(
    line: str,
    database: Database,
    right: type[DatabaseConnection],
    other: type[DatabaseConnection],
) -> Finding:
    """Show each table of one database to the guards of both connections."""
    names = [entry.name for entry in dictionary.tables_of(database)]
    astray = [n for n in names if _passes(other, n) or not _passes(right, n)]
    if astray:
        return wrong(
            TOPIC, line, f"the guard lets {', '.join(astray)} through", "mend app/databases/"
        )
    return good(
        TOPIC,
        line,
        f"yes: each of {len(names)} tables passes {database.method} and is refused by"
        f" {database.other.method}",
    )


def _passes(kind: type[DatabaseConnection], table: str) -> bool:
    try:
        kind.guard.check(f"TABLE {table}".encode())
    except WrongDatabaseError:
        return False
    return True
