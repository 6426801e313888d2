"""Examine the databases, the broker and the model that the settings name, as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from app import bootstrap
from app.adapters.broker import answers
from app.adapters.migrations import opened
from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.revisions import newest
from app.databases import dictionary, identity
from app.databases.connections import AIConnection
from app.databases.names import Database
from app.doctor.findings import Finding, good, looked_at, skipped, warning, wrong
from app.repositories.ai import embeddings, extension, vector_sets
from app.repositories.ai import revision as ai_revision
from app.repositories.backend import eligibility, outbox
from app.repositories.backend import revision as backend_revision
from app.settings import CommandSettings

OLDEST: Final = 300.0  # seconds that work may wait before somebody should look
AI, BACKEND = Database.AI, Database.BACKEND


def examine(settings: CommandSettings, adapter: PostgreSQLAdapter) -> Iterator[Finding]:
    """Look at everything that lives; what does not answer is a finding like any other."""
    reached = []
    for database in Database:
        found = list(looked_at(database, "reachable", partial(_reach, adapter, database)))
        yield from found
        if all(finding.status == "good" for finding in found[:1]):
            reached.append(database)
    for database in reached:
        yield from looked_at(database, "identity", partial(_inside, adapter, database))
    if len(reached) == len(Database):
        yield from looked_at("pair", "pair", lambda: _pair(adapter))
    else:
        yield skipped("pair", "pair", "both databases must answer first")
    yield from looked_at("broker", "broker", lambda: _broker(settings))
    yield from looked_at("model", "embedding model", lambda: _model(settings, adapter, reached))
    yield from looked_at("work", "outbox", lambda: _work(adapter, reached))


def _reach(adapter: PostgreSQLAdapter, database: Database) -> Iterator[Finding]:
    with opened(adapter, database) as connection:
        version = connection.info.parameter_status("server_version")
        yield good(database, "reachable", f"PostgreSQL {version} answers")


def _inside(adapter: PostgreSQLAdapter, database: Database) -> Iterator[Finding]:
    with opened(adapter, database) as connection:
        expected = adapter.settings.environment
        marker = identity.verified(connection, expected)
        connection.rollback()
        yield good(
            database,
            "identity",
            f"is the {database} database of {marker.environment}, pair {marker.pair_id}",
        )
        theirs = identity.adopted(connection)
        yield _announcement(connection, marker)
        yield from _tables(identity.tables(connection), database, theirs=theirs)
        yield from looked_at(database, "revision", partial(_revision, connection))
        if isinstance(connection, AIConnection):
            yield _vector(extension.version(connection))


def _announcement(connection: Any, marker: identity.Marker) -> Finding:
    database = connection.database
    if identity.announces(connection, marker):
        return good(database, "announcement", "the database announces itself to whoever connects")
    statement = identity.announcing(identity.database_name(connection), marker)
    return warning(
        database,
        "announcement",
        "the database does not announce itself: it is a copy or was restored by hand, or its owner"
        " never made it. Each new connection reads its marker instead",
        f"where it is the right one, its owner runs there: {statement};",
    )


def _tables(there: frozenset[str], database: Database, *, theirs: bool) -> Iterator[Finding]:
    declared = {entry.name for entry in dictionary.tables_of(database)}
    foreign = {entry.name for entry in dictionary.tables_of(database.other)}
    astray = sorted(there & foreign)
    strangers = sorted(there - declared - foreign)
    for name in astray:
        yield wrong(
            database,
            f"table {name}",
            f"belongs in the {database.other} database: a statement sent to the wrong one would"
            " work here and change nothing there",
            f"look whether rows in it are missing there, then: DROP TABLE {name};",
        )
    if strangers and not theirs:
        yield wrong(
            database,
            "stray tables",
            f"declared by nobody: {', '.join(strangers)}",
            "drop them, or move them to a database or a schema of their own",
        )
    if not astray and (theirs or not strangers):
        more = f", {len(strangers)} of the backend that was there before" if theirs else ""
        yield good(database, "tables", f"{len(there & declared)} of ours{more}, none astray")


def _revision(connection: Any) -> Iterator[Finding]:
    database: Database = connection.database
    current = ai_revision.current if database is AI else backend_revision.current
    found, expected = current(connection), newest(database)
    connection.rollback()
    if found == expected:
        yield good(database, "revision", f"{found}, the newest")
    else:
        yield wrong(
            database, "revision", f"{found}, and this code needs {expected}", "reciprocity migrate"
        )


def _vector(version: str | None) -> Finding:
    if version is None:
        return wrong(
            AI,
            "pgvector",
            "the extension vector is missing",
            "your DBA runs, in the AI database: CREATE EXTENSION vector;",
        )
    return good(AI, "pgvector", f"the extension vector is there, version {version}")


def _pair(adapter: PostgreSQLAdapter) -> Iterator[Finding]:
    adapter.verify()
    yield good("pair", "pair", "two databases, of one pair, proved by a lock")


def _broker(settings: CommandSettings) -> Iterator[Finding]:
    if not settings.broker_url:
        yield warning(
            "broker",
            "broker",
            "CELERY_BROKER_URL is not set: the worker cannot run, and nobody rings it",
            "set CELERY_BROKER_URL",
        )
        return
    problem = answers(settings.broker_url)
    if problem:
        yield wrong(
            "broker",
            "broker",
            f"does not answer ({problem})",
            "start Redis, or mend CELERY_BROKER_URL",
        )
    else:
        yield good("broker", "broker", "answers")


def _model(
    settings: CommandSettings, adapter: PostgreSQLAdapter, reached: list[Database]
) -> Iterator[Finding]:
    embedder = bootstrap.embedder(settings)
    yield good("model", "embedding model", f"{embedder.model}, {embedder.dimensions} dimensions")
    if AI not in reached:
        yield skipped("model", "vectors", "the AI database must answer first")
        return
    with adapter.ai() as ai:
        serving = vector_sets.serving(ai, embedder.model)
        counts = embeddings.counts(ai, serving)
        embedded = embeddings.member_ids(ai, serving)
    yield good(
        "model",
        "vectors",
        f"{counts.members} members, {counts.needs} needs, {counts.offers} offers",
    )
    if BACKEND in reached:
        with adapter.backend() as backend:
            eligible = frozenset(eligibility.community(backend).members)
        yield _without_vectors(len(eligible - embedded), len(eligible))
        yield _orphans(len(embedded - eligible))


def _without_vectors(lacking: int, eligible: int) -> Finding:
    name = "members without vectors"
    if lacking:
        return wrong(
            "model",
            name,
            f"{lacking} of {eligible} members who may be matched have none, so nobody meets them",
            "is the worker running? Look at the outbox below",
        )
    return good("model", name, f"none of {eligible} who may be matched")


def _orphans(count: int) -> Finding:
    # Somebody who has paused keeps their vectors; they are left out when matches are made.
    return good("model", "vectors of members who may not be matched now", str(count))


def _work(adapter: PostgreSQLAdapter, reached: list[Database]) -> Iterator[Finding]:
    if BACKEND not in reached:
        yield skipped("work", "outbox", "the backend database must answer first")
        return
    with adapter.backend() as backend:
        backlog = outbox.backlog(backend)
    said = f"{backlog.pending} waiting, {backlog.running} running, oldest {backlog.oldest:.0f} s"
    if backlog.oldest > OLDEST:
        yield wrong("work", "outbox", said, "start the worker: reciprocity worker")
    else:
        yield good("work", "outbox", said)
    if backlog.dead:
        yield wrong(
            "work",
            "dead work",
            f"{backlog.dead} pieces of work failed for good",
            "reciprocity psql backend -c \"SELECT id, topic, last_error FROM outbox WHERE state = 'dead'\"",
        )
