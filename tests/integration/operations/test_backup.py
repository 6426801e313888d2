"""Both databases are copied out and in again as a new pair, and afterwards nothing differs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from app.adapters.dumps import DumpError, find_program
from app.databases.names import Database
from tests.conftest import Pair, Reciprocity, Run

PAIR_ID = {
    Database.AI: "SELECT pair_id FROM ai_identity;",
    Database.BACKEND: "SELECT pair_id FROM backend_identity;",
}
KEPT_APART = {"ai_identity", "backend_identity"}


@pytest.fixture(scope="module")
def made_once(read_only_pair: Pair, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "backup"
    answer = run(["-m", "app.cli.main", "backup", str(folder)], read_only_pair.environment)
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.fixture
def backup(made_once: Path, tmp_path: Path) -> Path:
    """A backup of the module's community, for the test to do with as it likes."""
    return shutil.copytree(made_once, tmp_path / "backup")


def _same(one: Pair, other: Pair) -> bool:
    left, right = one.contents(), other.contents()
    return {k: v for k, v in left.items() if k not in KEPT_APART} == {
        k: v for k, v in right.items() if k not in KEPT_APART
    }


def test_a_backup_restores_into_empty_databases_as_a_pair_of_its_own(
    read_only_pair: Pair, empty_pair: Pair, backup: Path, reciprocity: Reciprocity
) -> None:
    answer = reciprocity("restore", str(backup), environment=empty_pair.environment)
    assert answer.status == 0, answer.stderr
    assert "Nothing differs between the two databases." in answer.stdout
    assert _same(read_only_pair, empty_pair)
    new = {empty_pair.sql(database, text) for database, text in PAIR_ID.items()}
    assert len(new) == 1
    assert new.isdisjoint(read_only_pair.sql(d, text) for d, text in PAIR_ID.items())
    mixed = empty_pair.environment | {"DATABASE_URL": read_only_pair.settings.database_url}
    refused = reciprocity("reconcile", environment=mixed)
    assert refused.status == 1
    assert "belongs to the pair" in refused.stderr


def test_a_restored_pair_takes_work_at_once(
    empty_pair: Pair, backup: Path, reciprocity: Reciprocity
) -> None:
    reciprocity("restore", str(backup), environment=empty_pair.environment)
    assert reciprocity("migrate", environment=empty_pair.environment).status == 0
    email = empty_pair.sql(Database.BACKEND, "SELECT email FROM users ORDER BY email LIMIT 1;")
    assert reciprocity("matches", email, "--limit", "1", environment=empty_pair.environment).stdout


def test_what_changed_between_the_two_copies_is_mended_after_the_restore(
    matched_pair: Pair, empty_pair: Pair, reciprocity: Reciprocity, tmp_path: Path
) -> None:
    lost = matched_pair.sql(
        Database.AI, "SELECT user_id FROM member_vectors ORDER BY user_id LIMIT 1;"
    )
    matched_pair.sql(Database.AI, f"DELETE FROM member_vectors WHERE user_id = '{lost}';")
    reciprocity("backup", str(tmp_path / "b"), environment=matched_pair.environment)
    answer = reciprocity("restore", str(tmp_path / "b"), environment=empty_pair.environment)
    assert "1 members differed, 1 are being mended" in answer.stdout
    waiting = "SELECT topic, user_id FROM outbox WHERE state = 'pending';"
    assert empty_pair.sql(Database.BACKEND, waiting) == f"embed|{lost}"


def test_a_database_that_holds_anything_is_left_alone(
    read_only_pair: Pair, backup: Path, reciprocity: Reciprocity
) -> None:
    before = read_only_pair.contents()
    answer = reciprocity("restore", str(backup), environment=read_only_pair.environment)
    assert answer.status == 1
    assert "is not empty" in answer.stderr
    assert read_only_pair.contents() == before


@pytest.mark.parametrize("harm", ["a byte changed", "a file gone", "no manifest"])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    empty_pair: Pair, backup: Path, reciprocity: Reciprocity, harm: str
) -> None:
    file = backup / "backend.dump"
    if harm == "a byte changed":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif harm == "a file gone":
        file.unlink()
    else:
        (backup / "manifest.json").unlink()
    answer = reciprocity("restore", str(backup), environment=empty_pair.environment)
    assert answer.status == 1
    assert "no backup" in answer.stderr or "Nothing was restored" in answer.stderr
    assert all(not rows for rows in empty_pair.contents())


def test_the_files_are_for_their_owner_only_and_hold_no_password(
    made_once: Path, read_only_pair: Pair
) -> None:
    for path in made_once.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    manifest = (made_once / "manifest.json").read_text()
    assert json.loads(manifest)["copies"]["ai"]["revision"]
    assert "reciprocity_pass" not in manifest
    assert read_only_pair.name not in manifest


def test_a_folder_that_holds_something_is_not_written_into(
    backup: Path, read_only_pair: Pair, reciprocity: Reciprocity
) -> None:
    before = {path: path.stat().st_mtime_ns for path in backup.iterdir()}
    answer = reciprocity("backup", str(backup), environment=read_only_pair.environment)
    assert answer.status == 1
    assert "is not empty" in answer.stderr
    assert {path: path.stat().st_mtime_ns for path in backup.iterdir()} == before


def test_a_password_never_stands_on_a_command_line(
    matched_pair: Pair, run: Run, tmp_path: Path
) -> None:
    record = tmp_path / "arguments"
    shim = tmp_path / "bin"
    shim.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (shim / name).write_text(f'#!/bin/sh\necho "$0 $@" >> {record}\nexit 1\n')
        (shim / name).chmod(0o755)
    command = (
        "import sys; from pathlib import Path; from app.adapters import dumps;"
        f"dumps.find_program = lambda name, major: Path({str(shim)!r}) / name;"
        "from app.cli.main import main; sys.argv[1:] = ['backup', sys.argv[1]]; main()"
    )
    answer = run(["-c", command, str(tmp_path / "b")], matched_pair.environment)
    assert answer.returncode == 1
    assert "pg_dump failed for the ai database" in answer.stderr
    assert "--dbname=" in record.read_text()
    assert "reciprocity_pass" not in record.read_text()
    assert list((tmp_path / "b").iterdir()) == [], "what was begun is removed again"


def test_without_a_fitting_program_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(DumpError, match="postgresql-client"):
        find_program("pg_dump", 99)
