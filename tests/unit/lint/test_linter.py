"""All planted faults are found, at their line, and nothing else is."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from app.cli.lint import lint as command
from app.databases.names import Database
from app.lint import rules, tables
from app.lint.findings import Finding
from app.lint.linter import Options, lint
from app.lint.scanner import scan
from app.lint.source import UnreadableError
from tests.conftest import ROOT
from tests.unit.lint import compose_corpus, corpus

FAULT = re.compile(r"# FAULT (RDB\d+)")


def planted(source: str) -> list[tuple[int, str]]:
    lines = source.splitlines()
    return [(n, m[1]) for n, line in enumerate(lines, start=1) if (m := FAULT.search(line))]


def places(found: list[Finding]) -> list[tuple[int, str]]:
    return sorted({(one.line, one.code) for one in found})


def project(folder: Path, name: str, source: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


def place(source: str) -> str:
    return "app/adapters/postgresql.py" if "class PostgreSQLAdapter" in source else "app/x.py"


@pytest.mark.parametrize("name", corpus.PYTHON_FAULTS)
def test_a_fault_planted_in_python_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    source = corpus.PYTHON_FAULTS[name]
    project(tmp_path, place(source), source)
    assert planted(source)
    assert places(lint([tmp_path])) == planted(source)


@pytest.mark.parametrize("name", corpus.PYTHON_RIGHT)
def test_python_that_is_right_gives_no_alarm(name: str, tmp_path: Path) -> None:
    source = corpus.PYTHON_RIGHT[name]
    project(tmp_path, place(source), source)
    assert lint([tmp_path]) == []


@pytest.mark.parametrize("name", compose_corpus.FAULTS)
def test_a_fault_planted_in_a_compose_file_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    source = compose_corpus.FAULTS[name]
    project(tmp_path, "docker-compose.yml", source)
    assert planted(source)
    assert places(lint([tmp_path])) == planted(source)


@pytest.mark.parametrize("name", compose_corpus.RIGHT)
def test_a_compose_file_that_is_right_gives_no_alarm(name: str, tmp_path: Path) -> None:
    project(tmp_path, "docker-compose.yml", compose_corpus.RIGHT[name])
    assert lint([tmp_path]) == []


def test_this_project_gives_no_alarm() -> None:
    # Tests reach servers past the door on purpose.
    assert lint([ROOT], Options(exclude=("tests", "third_party"))) == []


SWAPPED = {"AIConnection": "BackendConnection", "BackendConnection": "AIConnection"}


def test_what_is_right_becomes_a_fault_when_the_connections_are_swapped(tmp_path: Path) -> None:
    repositories = ROOT / "app/repositories"
    for path in repositories.glob("*/*.py"):
        text = path.read_text(encoding="utf-8").replace("Migrating", "")
        flipped = re.sub("|".join(SWAPPED), lambda found: SWAPPED[found[0]], text)
        project(tmp_path, path.relative_to(repositories).as_posix(), flipped)
    right = {
        (s.path.relative_to(repositories), s.line)
        for s in scan([repositories])
        if tables.home(s.text, tables.own())
    }
    faulty = {(one.path.relative_to(tmp_path), one.line) for one in lint([tmp_path])}
    assert len(right) > 40
    assert faulty == right


def test_a_variable_in_an_env_file_counts(tmp_path: Path) -> None:
    source = f"""
services:
  ai-service:
    env_file:
      - path: service.env
    environment:
      DATABASE_URL: {compose_corpus.AI_URL}
"""
    project(tmp_path, "compose.yaml", source)
    project(tmp_path, "service.env", "LOG_LEVEL=info\n")
    assert places(lint([tmp_path])) == [(6, "RDB003")]
    project(tmp_path, "service.env", f"RECIPROCITY_BACKEND_DB_URL={compose_corpus.BACKEND_URL}\n")
    assert lint([tmp_path]) == []


def test_an_override_is_read_together_with_its_base(tmp_path: Path) -> None:
    both = compose_corpus.RIGHT["both"]
    override = (
        f"services:\n  ai-service:\n    environment:\n      DATABASE_URL: {compose_corpus.AI_URL}\n"
    )
    project(tmp_path, "docker-compose.yml", both)
    project(tmp_path, "docker-compose.override.yml", override)
    assert lint([tmp_path]) == []
    project(tmp_path, "docker-compose.production.yml", override)
    assert [one.path.name for one in lint([tmp_path])] == ["docker-compose.production.yml"]


def test_without_the_library_that_reads_yaml_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, "docker-compose.yml", "services: {}")
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = CliRunner().invoke(command, [str(tmp_path)])
    assert result.exit_code == 1
    assert "pip install pyyaml" in str(result.exception)


OTHERS = """
def f(ai, backend):
    ai.execute("SELECT 1 FROM accounts")
    backend.execute("SELECT 1 FROM vectors")
    ai.execute("SELECT 1 FROM users")
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tables.toml", 'accounts = "backend"\nvectors = "ai"\n'),
        ("tables.toml", '[tables]\naccounts = "backend"\nvectors = "ai"\n'),
        ("tables.json", '{"accounts": "backend", "vectors": "ai"}'),
    ],
)
def test_another_project_brings_its_own_dictionary(tmp_path: Path, name: str, text: str) -> None:
    file = project(tmp_path, name, text)
    project(tmp_path, "app/x.py", OTHERS)
    assert [one.line for one in lint([tmp_path], Options(owners=tables.read(file)))] == [3, 4]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.toml", 'accounts = "third"', "accounts lives in 'third'; write ai or backend"),
        ("t.toml", "accounts =", "cannot be read as TOML"),
        ("t.json", "[]", "names no table"),
        ("t.toml", "", "names no table"),
    ],
)
def test_a_dictionary_that_says_nothing_is_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    file = project(tmp_path, name, text)
    with pytest.raises(tables.DictionaryFileError, match=re.escape(said)):
        tables.read(file)


def test_the_whole_dictionary_is_known_to_the_linter() -> None:
    owners = tables.own()
    assert owners["table", "users"] is Database.BACKEND
    assert owners["table", "embeddings"] is Database.AI


def test_a_project_may_have_its_door_elsewhere(tmp_path: Path) -> None:
    project(tmp_path, "src/store.py", "import psycopg2\npsycopg2.connect(url)\n")
    assert places(lint([tmp_path])) == [(2, "RDB002")]
    assert lint([tmp_path], Options(doors=[Path("src/store.py")])) == []


def test_a_path_that_is_not_there_is_an_error_and_not_a_clean_project(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="nowhere"):
        lint([tmp_path / "nowhere"])


def test_files_can_be_left_out(tmp_path: Path) -> None:
    project(tmp_path, "tests/conftest.py", "import psycopg2\npsycopg2.connect(url)\n")
    assert len(lint([tmp_path])) == 1
    assert lint([tmp_path], Options(exclude=("tests",))) == []


def _faulty(folder: Path) -> Path:
    return project(folder, "a,b.py", "def f(ai):\n    ai.execute('SELECT 100 % 3 FROM users')\n")


def test_the_command_tells_place_code_reason_and_fix_and_exits_with_1(tmp_path: Path) -> None:
    path = _faulty(tmp_path)
    result = CliRunner().invoke(command, [str(tmp_path)])
    assert result.exit_code == 1
    assert result.output == (
        f"{path}:2:8: RDB001 this statement names the table users of the backend database, and"
        " runs on a connection to the ai database; use get_backend_connection()\n"
    )


def test_the_command_writes_json(tmp_path: Path) -> None:
    path = _faulty(tmp_path)
    result = CliRunner().invoke(command, [str(tmp_path), "--format", "json"])
    (one,) = json.loads(result.output)
    assert (one["file"], one["line"], one["column"], one["code"]) == (str(path), 2, 8, "RDB001")
    assert one["fix"] == "use get_backend_connection()"
    empty = CliRunner().invoke(command, [str(tmp_path), "--format", "json", "--exclude", "*.py"])
    assert (empty.exit_code, json.loads(empty.output)) == (0, [])


def test_the_command_writes_annotations_for_github(tmp_path: Path) -> None:
    path = _faulty(tmp_path)
    result = CliRunner().invoke(command, [str(tmp_path), "--format", "github"])
    place = str(path).replace(",", "%2C")
    assert result.output.startswith(f"::error file={place},line=2,col=8,title=RDB001::this ")
    assert result.exit_code == 1


def test_a_clean_project_is_silent(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path)])
    assert (result.exit_code, result.output) == (0, "")


def test_every_code_is_explained(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--explain", str(tmp_path / "nowhere")])
    assert result.exit_code == 0
    used = {c for s in corpus.PYTHON_FAULTS.values() for _, c in planted(s)}
    used |= {c for s in compose_corpus.FAULTS.values() for _, c in planted(s)}
    assert used == {rule.code for rule in rules.RULES}
    assert all(rule.code in result.output for rule in rules.RULES)


def test_it_can_be_a_pre_commit_hook() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"].split()[1] == command.name
    assert hook["pass_filenames"] is False  # a statement and its connection may be in two files
