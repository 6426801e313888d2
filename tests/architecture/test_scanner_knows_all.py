"""The scanner's own test: what it found is held against two ways of looking that do not use it."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters import member_files
from app.adapters.migrations import downgrade, head, migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.embedded.postgres import PostgresServer
from app.lint.scanner import SqlStatement
from app.repositories.backend import outbox, users
from app.sample import community_path
from app.services import erasure, export, health, import_members, introductions, topics
from app.services.model_registry import register_model
from app.services.ports import Embedder
from app.workers.relay import Relay
from tests.architecture.proof import FAULTS, PLACES, own_statements
from tests.conftest import Pair

SENDING = {"execute", "executemany", "copy", "stream", "exec_driver_sql", "copy_expert"}
# Calls of the same name that send nothing to a database.
NO_DATABASE = {
    ("app/adapters/backend_webhooks.py", "client.stream("),  # httpx
    ("app/adapters/embedding_openai.py", "client.stream("),  # httpx
    ("app/adapters/language_model.py", "client.stream("),  # httpx
    ("app/adapters/resume_links.py", "client.stream("),  # httpx
}

# What libraries send by themselves on connections of ours.
DRIVERS = re.compile(
    r"|"  # psycopg_pool: is this connection alive?
    r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT .*|RELEASE .*|ROLLBACK TO .*|"  # psycopg: transactions
    r"FETCH FORWARD .*|CLOSE .*|"  # psycopg: cursors of the server
    r"(?s:\s*SELECT\s+typname AS name, oid, typarray AS array_oid,.*)|"  # psycopg: TypeInfo.fetch
    r"select pg_catalog\.version\(\)|select current_schema\(\)|show [a-z_ ]+|"
    r"(?s:SELECT pg_catalog\.pg_class\.relname\s.*)|"  # SQLAlchemy: its first connect, has_table
    r"(?s:(?:\s*CREATE TABLE|INSERT INTO|UPDATE|DELETE FROM|SELECT|DROP TABLE)"
    r"[^;]*\balembic_version_(?:ai|backend)\b.*)"  # Alembic: its own table
)


def calls_in_the_text(path: Path) -> Iterator[int]:
    """Give the lines where `.execute(` and the like stand with an argument, token by token."""
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type != tokenize.NL]
    for dot, name, bracket, argument in zip(
        tokens, tokens[1:], tokens[2:], tokens[3:], strict=False
    ):
        if dot.string == "." and name.string in SENDING and bracket.string == "(":
            known = f"{name.line.strip()}"
            harmless = any(str(path).endswith(p) and call in known for p, call in NO_DATABASE)
            if argument.string != ")" and not harmless:
                yield name.start[0]


def test_no_call_in_the_source_text_is_missing() -> None:
    found = {(s.path, s.line) for s in own_statements()}
    calls = [
        (path, line)
        for place in PLACES
        for path in sorted(place.rglob("*.py"))
        if not path.is_relative_to(FAULTS)
        for line in calls_in_the_text(path)
    ]
    assert len(calls) > 50
    assert [f"{path}:{line}" for path, line in calls if (path, line) not in found] == []


ENTRY = re.compile(r"^\S+ \S+ UTC \[\d+\] LOG:  (?:statement|execute [^:]*): ", re.MULTILINE)
NEXT = re.compile(r"^\S+ \S+ UTC \[\d+\] [A-Z]+: ", re.MULTILINE)


def logged(server: PostgresServer, begin: int) -> Iterator[str]:
    """List the statements that a server has written to its log since a place in it."""
    with server.log.open(encoding="utf-8") as log:
        log.seek(begin)
        text = log.read()
    for entry in ENTRY.finditer(text):
        following = NEXT.search(text, entry.end())
        statement = text[entry.end() : following.start() if following else len(text)]
        yield statement.replace("\n\t", "\n").removesuffix("\n")


def _known(text: str, statements: list[SqlStatement]) -> bool:
    text = re.sub(r'^DECLARE "?\w+"?( BINARY)?[\w ]* CURSOR[\w ]* FOR ', "", text)
    # SQLAlchemy writes a type behind each parameter.
    plain = re.sub(r"(\$\d+)::(?:VARCHAR|UUID)", r"\1", text)
    return any(re.fullmatch(s.pattern, plain) for s in statements)


@pytest.fixture
def marks(empty_pair: Pair) -> dict[Database, int]:
    return {d: empty_pair.server(d).log.stat().st_size for d in Database}


def _the_main_job(pair: Pair, embedder: Embedder, folder: Path) -> None:
    adapter = PostgreSQLAdapter(pair.settings)
    migrate(adapter, "test")
    with adapter.migrating_ai() as ai:
        register_model(ai, embedder.model, embedder.dimensions)
    adapter.verify()
    some = folder / "some.jsonl"
    lines = community_path().read_text(encoding="utf-8").splitlines()[:30]
    some.write_text("\n".join(lines), encoding="utf-8")
    rows = member_files.read(some)
    for _ in range(2):  # the second time finds everybody there
        import_members.import_members(adapter, rows, approve=True, progress=lambda _count: None)
    relay = Relay(adapter, embedder)
    relay.look()
    with adapter.backend() as backend:
        member = users.by_email(backend, "marisol.etcheverry@surcohumedo.example")
        introductions.of_member(backend, member.id)
        outbox.add(backend, topics.MATCH_SYNC, [member.id])
    relay.look()
    health.report(adapter, {database: head(database) for database in Database})
    adapter.create_user_summary(member.id, "I need a greenhouse.")
    adapter.update_user_onboarding_status(member.id, "completed")
    adapter.get_valid_user_ids([member.id])
    export.everything(adapter, member.id)
    with adapter.backend() as backend:
        erasure.erase(backend, member.id)
    relay.look()
    for database in Database:
        downgrade(adapter, database, "base")
    adapter.close()


def test_whatever_the_servers_were_sent_is_a_statement_the_scanner_knew(
    empty_pair: Pair, embedder: Embedder, marks: dict[Database, int], tmp_path: Path
) -> None:
    _the_main_job(empty_pair, embedder, tmp_path)
    statements = own_statements()
    for database, begin in marks.items():
        own = [s for s in statements if database in s.databases]
        sent = set(logged(empty_pair.server(database), begin))
        unknown = [t for t in sent if not DRIVERS.fullmatch(t) and not _known(t, own)]
        assert unknown == []
        # What only measurements ask is no part of the job.
        asked = [s for s in own if s.path.name != "bare.py"]
        exercised = [s for s in asked if any(_known(text, [s]) for text in sent)]
        assert len(exercised) > len(asked) / 2
