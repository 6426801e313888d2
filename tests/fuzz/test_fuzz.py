"""Whatever is sent, nothing fails on our side, nothing of the inside is shown, nothing is half done.

.venv/bin/pytest tests/fuzz                     a few hundred inputs
.venv/bin/pytest -m long tests/fuzz             more than 10,000; FUZZ_SEED repeats a run
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.adapters import member_files
from app.adapters.documents import DocumentError, text_of
from app.adapters.embedding import Embedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.errors import InvalidInputError
from app.main import create_app
from app.sample import community_path
from app.services import import_members, limits, reconcile
from app.services.sight import observe
from app.settings import ApiSettings
from app.web.site import pages
from app.workers.beside import Beside
from app.workers.relay import Relay
from tests.conftest import Pair
from tests.fuzz.inputs import Schemas, damaged
from tests.fuzz.visitor import SLOW, STREAMS, Visitor
from tests.unit.adapters.test_documents import docx, paragraphs, pdf

SEED = int(os.environ.get("FUZZ_SEED", "6"))
KEY = "the service's key"
DOCUMENTS = (pdf("I teach piano"), docx(paragraphs("I teach piano", "and tax law")))
HALVES = """
SELECT (SELECT count(*) FROM user_summaries s WHERE s.status = 'approved' AND NOT EXISTS
         (SELECT 1 FROM statements t WHERE t.summary_id = s.id) AND s.summary = ''),
       (SELECT count(*) FROM matches m WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = m.user_a_id)),
       (SELECT count(*) FROM users WHERE email = '' OR email IS NULL)
"""


@pytest.fixture
def visitor(matched_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    monkeypatch.setattr(limits, "take", lambda *_: None)  # they would stop all after the first
    databases = PostgreSQLAdapter()
    monkeypatch.setattr("app.bootstrap.postgresql_adapter", databases)
    values = matched_pair.environment | {"RECIPROCITY_ENVIRONMENT": "test", "API_KEY": KEY}
    with TestClient(
        create_app(ApiSettings.model_validate(values)), raise_server_exceptions=False
    ) as client:
        with databases.backend() as backend:
            rows = backend.execute("SELECT id FROM users ORDER BY id LIMIT 40").fetchall()
        yield Visitor(client, databases, [row[0] for row in rows], KEY, SEED)


def _schemas(visitor: Visitor) -> Schemas:
    with visitor.databases.backend() as backend:
        rows = backend.execute("SELECT id FROM matches ORDER BY id LIMIT 40").fetchall()
    described = visitor.client.get("/openapi.json").json()
    return Schemas(described, (*visitor.members, *(row[0] for row in rows)))


def _all_calls(visitor: Visitor, rounds: int) -> None:
    schemas = _schemas(visitor)
    for number in range(rounds):
        for path, operations in schemas.described["paths"].items():
            for method, operation in operations.items():
                if path in STREAMS or (number % 20 and SLOW.search(path)):
                    continue
                visitor.call(method.upper(), path, operation, schemas)


def _all_pages(visitor: Visitor, rounds: int) -> None:
    schemas = _schemas(visitor)
    application = visitor.client.app
    side = application.state.members  # type: ignore[attr-defined] # ours
    fields = [
        "email", "password", "current", "first_name", "last_name", "text", "needs", "offers", "decision",
        "reason", "note", "token", "next", "said", "before", "after", "language", "q", "kind", "body",
        "headline", "place", "fields", "languages", "remove", "key", "version", "everything", "page",
    ]  # fmt: skip
    for number in range(rounds):
        for entry in pages(side).entries:
            if entry.path in STREAMS or (number % 20 and SLOW.search(entry.path)):
                continue
            visitor.page(entry, schemas, fields)


def _nothing_is_half_done(visitor: Visitor, pair: Pair, embedder: Embedder) -> None:
    with visitor.databases.backend() as backend:
        backend.execute("UPDATE outbox SET available_at = now() WHERE state = 'pending'")
    reader = visitor.client.app.state.members.reader  # type: ignore[attr-defined] # ours
    Relay(visitor.databases, embedder, beside=Beside(reader)).look()
    assert pair.sql(Database.BACKEND, HALVES) == "0|0|0"
    assert reconcile.compare(visitor.databases).equal
    seen = observe(visitor.databases)
    assert (seen.without_vectors, seen.orphans) == (0, 0)


def _fuzz(visitor: Visitor, pair: Pair, embedder: Embedder, rounds: int) -> int:
    _all_calls(visitor, rounds)
    _all_pages(visitor, rounds)
    assert visitor.faults == [], f"seed {visitor.seed}: {len(visitor.faults)} of them"
    assert visitor.answers.get(200, 0) > visitor.answers.get(401, 0), visitor.answers
    _nothing_is_half_done(visitor, pair, embedder)
    return sum(visitor.answers.values())


def test_whatever_is_sent_to_calls_and_pages_is_answered_and_nothing_is_half_done(
    visitor: Visitor, matched_pair: Pair, embedder: Embedder
) -> None:
    assert _fuzz(visitor, matched_pair, embedder, rounds=1) > 100


@pytest.mark.long
def test_ten_thousand_inputs_to_calls_and_pages_are_answered_and_nothing_is_half_done(
    visitor: Visitor, matched_pair: Pair, embedder: Embedder
) -> None:
    assert _fuzz(visitor, matched_pair, embedder, rounds=90) > 10_000


def test_strange_cookies_and_tokens_let_nobody_in_and_change_nothing(
    visitor: Visitor, matched_pair: Pair
) -> None:
    before = matched_pair.contents()
    real = "A" * 43
    for _ in range(150):
        strange = damaged(visitor.chance, real.encode()).replace(b"\r", b"").replace(b"\n", b"")
        strange = strange.replace(b"\x00", b"").replace(b";", b"") or b"x"
        carried: dict[str, dict[str, str | bytes]] = {
            "/matches": {"Cookie": b"session=" + strange},
            "/api/member/v1/me": {"Authorization": b"Bearer " + strange},
            "/api/v1/admin/list-users": {"X-API-KEY": strange},
            "/metrics": {"Authorization": b"Bearer " + strange},
        }
        for path, headers in carried.items():
            visitor.send("GET", path, headers=headers)
    assert visitor.faults == []
    assert set(visitor.answers) <= {303, 401, 403}, visitor.answers
    assert matched_pair.contents() == before


def _read_damaged_imports(chance: random.Random, folder: Path, count: int) -> int:
    sample = community_path().read_bytes()[:3_000]
    table = (
        b"email,first_name,needs,offers\nann@example.org,Ann,a|b,c\n" + b'"x@y.z","Q\nq",,\n' * 5
    )
    good = 0
    for number in range(count):
        name, content = (("m.jsonl", sample), ("m.csv", table))[number % 2]
        path = folder / name
        path.write_bytes(damaged(chance, content))
        try:
            rows = member_files.read(path)
        except InvalidInputError:
            continue
        good += sum(isinstance(row, tuple) for row in rows)
    return good


def test_damaged_import_files_are_read_row_by_row_or_refused_in_words(tmp_path: Path) -> None:
    assert _read_damaged_imports(random.Random(SEED), tmp_path, 300) > 0  # noqa: S311 - repeatable


@pytest.mark.long
def test_thousands_of_damaged_import_files_are_read_or_refused(tmp_path: Path) -> None:
    assert _read_damaged_imports(random.Random(SEED), tmp_path, 5_000) > 0  # noqa: S311 - repeatable


def test_a_damaged_import_leaves_whole_members_only(
    adapter: PostgreSQLAdapter, pair: Pair, tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable
    lines = community_path().read_bytes().splitlines()[:60]
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"\n".join(damaged(chance, x) if chance.random() < 0.5 else x for x in lines))
    try:
        rows = member_files.read(path)
    except InvalidInputError:  # one damaged byte may make it no UTF-8
        path.write_bytes(path.read_bytes().decode("utf-8", "replace").encode())
        rows = member_files.read(path)
    report = import_members.import_members(adapter, rows, approve=True, progress=lambda _n: None)
    assert report.created > 10
    assert pair.sql(Database.BACKEND, HALVES) == "0|0|0"
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM users") == str(report.created)


def _read_damaged_documents(chance: random.Random, count: int) -> int:
    read = 0
    for number in range(count):
        with suppress(DocumentError):
            read += bool(text_of(damaged(chance, DOCUMENTS[number % 2])))
    return read


def test_damaged_documents_are_read_or_refused_in_words() -> None:
    assert text_of(DOCUMENTS[0]) == "I teach piano"
    _read_damaged_documents(random.Random(SEED), 5)  # noqa: S311 - repeatable


@pytest.mark.long
def test_hundreds_of_damaged_documents_are_read_or_refused() -> None:
    assert _read_damaged_documents(random.Random(SEED), 300) > 0  # noqa: S311 - repeatable


@pytest.mark.parametrize("time", ["1e999", "-1e999", "NaN", "-5", "1e300"])
def test_a_decision_that_took_no_time_that_there_is_is_taken_all_the_same(
    visitor: Visitor, time: str
) -> None:
    with visitor.databases.backend() as backend:
        row = backend.execute("SELECT id, user_a_id FROM matches ORDER BY id LIMIT 1").fetchone()
    assert row is not None
    body = (
        f'{{"user_id": "{row[1]}", "match_id": "{row[0]}", "decision": "declined",'
        f' "reason_tags": ["not_what_i_need"], "decision_time_ms": {time}}}'
    )
    headers = {"X-API-KEY": KEY, "Content-Type": "application/json"}
    visitor.send("POST", "/api/v1/user/feedback-with-reasons", content=body, headers=headers)
    assert visitor.faults == []
    assert visitor.answers == {200: 1}


@pytest.mark.parametrize("strange", ["\\ud800", "\\u0000", "\\udfff and more"])
def test_answers_of_a_questionnaire_are_stored_without_what_no_text_can_hold(
    visitor: Visitor, strange: str
) -> None:
    body = (
        f'{{"user_id": "{visitor.members[0]}", "questions": [{{"prompt": "What {strange}?",'
        f' "answer": "Help with my taxes {strange}"}}]}}'
    )
    headers = {"X-API-KEY": KEY, "Content-Type": "application/json"}
    visitor.send("POST", "/api/v1/user/register", content=body, headers=headers)
    assert visitor.faults == []
    assert visitor.answers == {200: 1}
