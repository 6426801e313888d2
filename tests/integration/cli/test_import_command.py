"""`reciprocity import FILE`: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.adapters.embedding import Embedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.cli import progress
from app.databases.names import Database
from app.sample import community_path
from app.workers.relay import Relay
from tests.conftest import Pair, Reciprocity


def _members(folder: Path, *raw: dict[str, Any] | str, name: str = "members.jsonl") -> Path:
    path = folder / name
    lines = (one if isinstance(one, str) else json.dumps(one) for one in raw)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _raw(name: str, **fields: Any) -> dict[str, Any]:
    return {"email": f"{name}@example.org", "first_name": name, "needs": ["tax"]} | fields


def _count(pair: Pair, table: str) -> int:
    return int(pair.sql(Database.BACKEND, f"SELECT count(*) FROM {table}"))


def test_the_sample_community_comes_in_and_the_same_file_again_changes_nothing(
    pair: Pair, reciprocity: Reciprocity
) -> None:
    path = str(community_path())
    total = len(community_path().read_text(encoding="utf-8").splitlines())
    first = reciprocity("import", path, "--approve", environment=pair.environment)
    assert first.status == 0, first.stderr
    assert f"{total} created, 0 updated, 0 unchanged, {total} approved, 0 refused" in first.stdout
    assert f"Importing {total}" in first.stderr, "without a terminal the bar is one line"
    before = pair.contents()
    again = reciprocity("import", path, "--approve", environment=pair.environment)
    assert f"0 created, 0 updated, {total} unchanged, 0 approved, 0 refused" in again.stdout
    assert pair.contents() == before
    assert _count(pair, "outbox") == total


def test_without_approve_the_summaries_are_drafts_and_nothing_is_caused(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path
) -> None:
    path = _members(tmp_path, _raw("ann"), _raw("ben"))
    ended = reciprocity("import", str(path), environment=pair.environment)
    assert ended.status == 0
    assert pair.sql(Database.BACKEND, "SELECT DISTINCT status FROM user_summaries") == "draft"
    assert _count(pair, "outbox") == 0


def test_bad_rows_are_told_by_line_and_reason_the_good_ones_are_in_and_the_exit_is_not_zero(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path
) -> None:
    path = _members(
        tmp_path,
        _raw("ann"),
        "{broken",
        {"first_name": "Nobody", "needs": ["x"]},
        _raw("ben", first_name="O'Brien"),
        _raw("ann", first_name="Ann again"),
    )
    ended = reciprocity("import", str(path), environment=pair.environment)
    assert ended.status == 1
    assert "2 created, 0 updated, 0 unchanged, 0 approved, 3 refused" in ended.stdout
    assert "line 2: it is not JSON" in ended.stderr
    assert "line 3: it has no e-mail address" in ended.stderr
    assert "line 5: line 1 has the same e-mail address" in ended.stderr
    assert "3 of 5 rows were refused; the others are in" in ended.stderr
    assert _count(pair, "users") == 2


def test_of_very_many_bad_rows_the_first_are_told_and_the_rest_counted(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path
) -> None:
    path = _members(tmp_path, _raw("ann"), *["{broken"] * 50)
    ended = reciprocity("import", str(path), environment=pair.environment)
    assert ended.stderr.count("it is not JSON") == 20
    assert "and 30 more" in ended.stderr


def test_csv_comes_in_as_json_lines_do(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path
) -> None:
    path = tmp_path / "members.csv"
    path.write_text(
        "email,first_name,last_name,needs,offers,club\n"
        'jose@example.org,José,"O\'Brien (Pepe)",tax advice | a garden,flour &amp; yeast,north\n',
        encoding="utf-8",
    )
    ended = reciprocity("import", str(path), environment=pair.environment)
    assert ended.status == 0, ended.stderr
    rows = pair.sql(
        Database.BACKEND,
        "SELECT first_name, last_name, further ->> 'club', string_agg(text, '/' ORDER BY kind,"
        " position) FROM users JOIN profiles p ON p.user_id = users.id"
        " JOIN statements s ON s.user_id = users.id GROUP BY 1, 2, 3",
    )
    assert rows == "José|O'Brien (Pepe)|north|tax advice/a garden/flour &amp; yeast"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.jsonl", None, "No such file"),
        ("empty.jsonl", b"", "it is empty"),
        ("empty.csv", b"", "no column named email"),
        ("binary.jsonl", b"\x89PNG\xff", "is not UTF-8"),
        ("nobody.csv", b"email,needs\n", "it is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_leaves_the_data_as_it_was(
    matched_pair: Pair,
    reciprocity: Reciprocity,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    message: str,
) -> None:
    before = matched_pair.contents()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    path = str(tmp_path / name)
    ended = reciprocity("import", path, "--approve", environment=matched_pair.environment)
    assert ended.status == 1
    assert message in ended.stderr
    assert name in ended.stderr
    assert matched_pair.contents() == before


def test_wait_comes_back_when_the_worker_has_made_the_matches(
    pair: Pair,
    reciprocity: Reciprocity,
    tmp_path: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = PostgreSQLAdapter(pair.settings)
    # The worker of this test works whenever somebody waits for it.
    monkeypatch.setattr("time.sleep", lambda _seconds: Relay(worker, embedder).look())
    path = _members(tmp_path, _raw("ann", offers=["law"]), _raw("ben", offers=["tax advice"]))
    ended = reciprocity("import", str(path), "--approve", "--wait", environment=pair.environment)
    worker.close()
    assert ended.status == 0, ended.stderr
    assert "All work done after" in ended.stdout
    assert _count(pair, "matches") == 1


def test_wait_with_no_worker_gives_up_and_says_what_to_look_at(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "STALLED_AFTER", 0.3)
    path = _members(tmp_path, _raw("ann"))
    ended = reciprocity("import", str(path), "--approve", "--wait", environment=pair.environment)
    assert ended.status == 1
    assert "is the worker running (`reciprocity status`)?" in ended.stderr
    assert _count(pair, "users") == 1


def test_wait_tells_of_work_that_failed_for_good(
    pair: Pair, reciprocity: Reciprocity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = "UPDATE outbox SET state = 'dead', last_error = 'no'"
    monkeypatch.setattr("time.sleep", lambda _seconds: pair.sql(Database.BACKEND, kill))
    path = _members(tmp_path, _raw("ann"))
    ended = reciprocity("import", str(path), "--approve", "--wait", environment=pair.environment)
    assert ended.status == 1
    assert "1 pieces of work failed for good" in ended.stderr
