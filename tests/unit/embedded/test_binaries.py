from __future__ import annotations

from pathlib import Path

import pytest

from app.embedded import binaries
from app.embedded.binaries import find_postgres, find_redis
from app.embedded.errors import MissingBinariesError


@pytest.fixture(autouse=True)
def _no_choice_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECIPROCITY_POSTGRES_MAJOR", raising=False)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No wheel, nothing installed, and an empty folder on PATH."""
    monkeypatch.setattr(binaries, "_package_base", lambda _package: None)
    monkeypatch.setattr(binaries, "_PACKAGED", (f"{tmp_path}/packaged/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "on-path/bin"))
    return tmp_path


def _install(prefix: Path, version: str, *, vector: bool = True) -> Path:
    folder = prefix / "bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb", "psql"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n", encoding="ascii")
        program.chmod(0o755)
    if vector:
        (prefix / "share/extension").mkdir(parents=True)
        (prefix / "share/extension/vector.control").touch()
    return folder


def test_the_wheels_newest_is_the_default_and_16_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_postgres().major == 18
    assert find_postgres(16).major == 16
    monkeypatch.setenv("RECIPROCITY_POSTGRES_MAJOR", "16")
    assert find_postgres().major == 16


def test_a_version_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECIPROCITY_POSTGRES_MAJOR", "latest")
    with pytest.raises(MissingBinariesError, match="takes a major version such as 16"):
        find_postgres()


def test_a_machine_with_nothing_is_told_what_is_missing_and_what_to_do(bare_machine: Path) -> None:
    with pytest.raises(MissingBinariesError) as refused:
        find_postgres()
    assert bare_machine.exists()
    text = str(refused.value)
    assert "no PostgreSQL was found on this machine" in text
    assert "pip install 'reciprocity[embedded]'" in text
    assert "DATABASE_URL and RECIPROCITY_BACKEND_DB_URL" in text
    with pytest.raises(MissingBinariesError, match="set CELERY_BROKER_URL"):
        find_redis()


def test_an_installed_postgresql_with_the_extension_is_found(bare_machine: Path) -> None:
    folder = _install(bare_machine / "packaged/17", "17.2")
    found = find_postgres()
    assert (found.folder, found.major, found.bundle) == (folder, 17, None)


def test_the_newest_installed_one_comes_first(bare_machine: Path) -> None:
    _install(bare_machine / "packaged/16", "16.4")
    _install(bare_machine / "packaged/17", "17.2")
    assert find_postgres().major == 17


def test_the_one_on_path_comes_before_the_packaged_ones(bare_machine: Path) -> None:
    folder = _install(bare_machine / "on-path", "16.4")
    _install(bare_machine / "packaged/17", "17.2")
    assert find_postgres().folder == folder


def test_what_will_not_do_is_named_with_the_reason(bare_machine: Path) -> None:
    _install(bare_machine / "packaged/15", "15.9")
    _install(bare_machine / "packaged/16", "16.4", vector=False)
    broken = _install(bare_machine / "packaged/17", "17.2")
    (broken / "postgres").chmod(0o644)
    with pytest.raises(MissingBinariesError) as refused:
        find_postgres()
    text = str(refused.value)
    assert "PostgreSQL 15 is too old" in text
    assert "PostgreSQL 16 without the vector extension (package postgresql-16-pgvector)" in text
    assert "does not run on this machine" in text


def test_redis_on_path_is_found(bare_machine: Path) -> None:
    program = bare_machine / "on-path/bin/redis-server"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    assert find_redis().path == program
