"""The doctor reads the files that must change together, and names what does not agree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.doctor import files

ROOT = Path(__file__).parents[3]
AI = "DATABASE_URL: postgresql://reciprocity_user:reciprocity_pass@db:5432/reciprocity_ai"
BACKEND = (
    "RECIPROCITY_BACKEND_DB_URL:"
    " postgresql://postgres:postgres@host.docker.internal:5432/reciprocity_db"
)
SWAPPED = [
    f"DATABASE_URL: {BACKEND.split(': ')[1]}",
    f"RECIPROCITY_BACKEND_DB_URL: {AI.split(': ')[1]}",
]
HOSTS = 'extra_hosts: ["host.docker.internal:host-gateway"]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app/adapters").mkdir(parents=True)
    shutil.copy(ROOT / files.ADAPTER, tmp_path / files.ADAPTER)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    _compose(tmp_path, [AI, BACKEND], [AI, BACKEND])
    return tmp_path


def _compose(folder: Path, ai_service: list[str], worker: list[str], more: str = HOSTS) -> None:
    def service(name: str, lines: list[str]) -> str:
        told = "".join(f"      {line}\n" for line in lines)
        return f"  {name}:\n    {more}\n    environment:\n{told}"

    text = service("ai-service", ai_service) + service("celery-worker", worker)
    (folder / files.COMPOSE).write_text(f"services:\n{text}")


def _problems(folder: Path) -> list[str]:
    return [
        f"{f.name}: {f.says}" for f in files.examine(folder) if f.status in {"wrong", "warning"}
    ]


def test_files_that_agree_are_in_order(folder: Path) -> None:
    assert _problems(folder) == []


@pytest.mark.parametrize("service", [0, 1])
def test_a_service_that_lacks_the_backend_address_is_named(folder: Path, service: int) -> None:
    lines = [[AI, BACKEND], [AI, BACKEND]]
    lines[service] = [AI]
    _compose(folder, lines[0], lines[1])
    (problem,) = _problems(folder)
    assert problem == (
        f"docker-compose.yml, {files.SERVICES[service]}: RECIPROCITY_BACKEND_DB_URL is missing"
    )


@pytest.mark.parametrize(
    ("worker", "words"),
    [
        ([AI, BACKEND.replace("_db\n", "")[:-1]], "names another database than that of ai-service"),
        ([AI, "RECIPROCITY_BACKEND_DB_URL: " + AI.split(": ")[1]], "name the same database"),
        (SWAPPED, "swapped"),
        ([AI.replace("@db:5432", "@localhost:5433"), BACKEND], "which is the container itself"),
        ([AI, 'RECIPROCITY_BACKEND_DB_URL: ""'], "it is empty"),
        ([AI, "RECIPROCITY_BACKEND_DB_URL: ${RECIPROCITY_BACKEND_DB_URL}"], "a file meant for the host"),
        (["- " + AI.replace(": ", "="), "- API_PORT=1"], "RECIPROCITY_BACKEND_DB_URL is missing"),
    ],
)  # fmt: skip
def test_what_does_not_agree_in_a_service_is_named(
    folder: Path, worker: list[str], words: str
) -> None:
    _compose(folder, [AI, BACKEND], worker)
    problems = _problems(folder)
    assert any(words in problem for problem in problems), problems
    assert all("celery-worker" in problem for problem in problems)


def test_a_name_of_docker_without_extra_hosts_is_warned_of(folder: Path) -> None:
    _compose(folder, [AI, BACKEND], [AI, BACKEND], "restart: always")
    assert len([p for p in _problems(folder) if "does not resolve on Linux" in p]) == 2


def test_the_env_file_as_the_document_prints_it_is_warned_of(folder: Path) -> None:
    text = (folder / ".env").read_text()
    (folder / ".env").write_text(text.replace("@localhost:5432", "@host.docker.internal:5432"))
    (problem,) = _problems(folder)
    assert "resolves inside Docker containers only" in problem


@pytest.mark.parametrize("name", ["DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"])
def test_an_env_file_that_lacks_an_address_is_named(folder: Path, name: str) -> None:
    lines = (folder / ".env").read_text().splitlines()
    (folder / ".env").write_text("\n".join(line for line in lines if not line.startswith(name)))
    assert _problems(folder) == [f".env: {name} is missing"]


def test_a_production_file_is_held_to_more(folder: Path) -> None:
    (folder / ".env.production").write_text(
        "DATABASE_URL=postgresql://u:x7@ai.example/reciprocity_ai?sslmode=verify-full\n"
        "RECIPROCITY_BACKEND_DB_URL=postgresql://postgres:postgres@db.example/reciprocity_db\n"
    )
    problems = _problems(folder)
    assert any("RECIPROCITY_BACKEND_DB_URL in .env.production over TLS" in p for p in problems)
    assert any("the password that public documents print" in p for p in problems)
    assert len(problems) == 2


def test_an_adapter_that_takes_the_wrong_connection_is_found_by_its_line(folder: Path) -> None:
    (folder / files.ADAPTER).write_text(
        "class PostgreSQLAdapter:\n"
        "    def get_connection(self):\n        return 1\n"
        "    def update_user_onboarding_status(self, user_id, status):\n"
        "        conn = self.get_connection()\n"
    )
    lacking, wrong = _problems(folder)
    assert lacking.endswith("PostgreSQLAdapter has no get_backend_connection()")
    assert "line 4: update_user_onboarding_status() uses the AI database" in wrong


def test_broken_files_are_findings_and_no_part_of_them_is_repeated(folder: Path) -> None:
    (folder / files.COMPOSE).write_text("services: {ai-service: postgresql://u:zq7secret@h\n")
    (folder / files.ADAPTER).write_text("class (zq7secret\n")
    (folder / ".env").write_bytes(b"DATABASE_URL=zq7secret\xff\n")
    problems = _problems(folder)
    assert len(problems) == 3
    assert not any("zq7secret" in problem for problem in problems)


def test_a_folder_with_none_of_the_files_says_so(tmp_path: Path) -> None:
    assert [p.split(":")[0] for p in _problems(tmp_path)] == [files.ADAPTER, files.COMPOSE]
