"""The compose files, the Dockerfile and the examples say what the documents and the code say."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # it ships no types
import pytest
import yaml

from app.doctor import files
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    Sources,
    WorkerSettings,
    load,
    names,
    read_env_file,
)

ROOT = Path(__file__).parents[3]
DEVELOPMENT, PRODUCTION = ROOT / "docker-compose.yml", ROOT / "docker-compose.production.yml"
AI, BACKEND = "DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"
# As the architecture document prints them.
AI_IN_DOCKER = "postgresql://reciprocity_user:reciprocity_pass@db:5432/reciprocity_ai"
BACKEND_IN_DOCKER = "postgresql://postgres:postgres@host.docker.internal:5432/reciprocity_db"
KINDS: dict[str, type[DatabaseSettings]] = {
    "ai-service": ApiSettings,
    "celery-worker": WorkerSettings,
    "migrate": CommandSettings,
}


def _services(path: Path) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(path.read_text())["services"]
    return services


def _schemas() -> dict[str, Path]:
    """Find the compose specification's schema where a package on this machine carries it."""
    found = {}
    package = importlib.util.find_spec("check_jsonschema")
    if package and package.origin:
        place = Path(package.origin).parent / "builtin_schemas/vendor/compose-spec.json"
        found["check-jsonschema"] = place
    debian = Path("/usr/lib/python3/dist-packages/compose/config/compose_spec.json")
    found["docker-compose"] = debian
    return {name: path for name, path in found.items() if path.is_file()}


@pytest.mark.parametrize("file", [DEVELOPMENT, PRODUCTION], ids=lambda path: path.name)
def test_the_files_keep_to_the_compose_specification(file: Path) -> None:
    schemas = _schemas()
    if not schemas:
        pytest.skip(
            "no package here carries the compose schema: install check-jsonschema (PyPI) or"
            " docker-compose (Debian)"
        )
    for path in schemas.values():
        schema = json.loads(path.read_text())
        kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft201909Validator)
        kind(schema).validate(yaml.safe_load(file.read_text()))


def _config(file: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed: apt-get install docker-compose")
    # An empty file in the place of the .env that may lie here and is meant for the host.
    with tempfile.NamedTemporaryFile(suffix=".env") as nothing:
        return subprocess.run(
            [program, "--env-file", nothing.name, "--file", str(file), *options, "config"],
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | variables,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_docker_compose_accepts_the_development_file_with_and_without_a_backend() -> None:
    plain, backend = _config(DEVELOPMENT), _config(DEVELOPMENT, "--profile", "backend")
    assert plain.returncode == 0, plain.stderr
    assert backend.returncode == 0, backend.stderr
    assert AI_IN_DOCKER in plain.stdout
    assert BACKEND_IN_DOCKER in plain.stdout


def test_a_shell_or_env_file_meant_for_the_host_changes_no_address() -> None:
    elsewhere = {AI: "postgresql://a:b@localhost:5433/c", BACKEND: "postgresql://a:b@localhost/d"}
    assert _config(DEVELOPMENT, **elsewhere).stdout == _config(DEVELOPMENT).stdout


def _demanded() -> dict[str, str]:
    found = re.findall(r"\$\{(\w+):\?([^}]+)\}", PRODUCTION.read_text())
    return dict(found)


def test_production_starts_with_every_variable_and_with_none_missing() -> None:
    whole = dict.fromkeys(_demanded(), "x")
    accepted = _config(PRODUCTION, **whole)
    assert accepted.returncode == 0, accepted.stderr
    for name, reason in _demanded().items():
        for value in ({}, {name: ""}):
            refused = _config(PRODUCTION, **{k: v for k, v in whole.items() if k != name}, **value)
            assert refused.returncode != 0, name
            assert reason in refused.stderr


def test_production_has_no_default_and_no_password_in_it() -> None:
    text = PRODUCTION.read_text()
    assert len(re.findall(r"\$\{", text)) == len(re.findall(r"\$\{\w+:\?[^}]+\}", text)) > 10
    assert "reciprocity_pass" not in text
    assert ":postgres@" not in text


def test_the_production_example_names_exactly_what_production_demands() -> None:
    assert set(read_env_file(ROOT / ".env.production.example")) == set(_demanded())


def test_production_gives_each_service_roles_of_its_own() -> None:
    written = read_env_file(ROOT / ".env.production.example")
    users = [re.findall(r"//(\w+):", value)[0] for value in written.values() if "://" in value]
    assert len(users) == len(set(users)) == 6
    for value in written.values():
        assert "sslmode=verify-full" in value or "://" not in value


def test_the_development_file_is_as_the_document_draws_it() -> None:
    services = _services(DEVELOPMENT)
    assert services["db"]["ports"] == ["127.0.0.1:5433:5432"]
    assert services["db"]["environment"]["POSTGRES_DB"] == "reciprocity_ai"
    assert "pgvector" in services["db"]["image"]
    assert services["ai-service"]["container_name"] == "reciprocity-ai-service"
    assert services["ai-service"]["ports"] == ["8000:8000"]
    assert services["backend-db"]["profiles"] == ["backend"]
    for name in ("ai-service", "celery-worker", "migrate"):
        assert services[name]["environment"][AI] == AI_IN_DOCKER
        assert services[name]["environment"][BACKEND] == BACKEND_IN_DOCKER
        assert services[name]["extra_hosts"] == ["host.docker.internal:host-gateway"]
    for name in ("db", "backend-db", "redis", "ai-service", "celery-worker"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", list(KINDS))
def test_each_services_variables_are_all_it_needs_and_nothing_unknown(service: str) -> None:
    environment = files.environment(_services(DEVELOPMENT)[service], ROOT)
    load(KINDS[service], Sources(environment, dict.fromkeys(environment, "docker-compose.yml")))
    production = _services(PRODUCTION)[service]["environment"]
    for variables in (environment, production):
        assert set(variables) <= names(KINDS[service])


def test_the_doctor_finds_nothing_wrong_with_the_files_of_this_project(tmp_path: Path) -> None:
    (tmp_path / "app/adapters").mkdir(parents=True)
    for name in (files.ADAPTER, files.COMPOSE):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    found = list(files.examine(tmp_path))
    assert [f for f in found if f.status in {"wrong", "warning"}] == []
    assert len([f for f in found if f.status == "good"]) == 4


def test_the_example_is_for_the_host_and_explains_every_variable() -> None:
    text = (ROOT / ".env.example").read_text()
    written = read_env_file(ROOT / ".env.example")
    assert written[AI].endswith("@localhost:5433/reciprocity_ai")
    assert written[BACKEND].endswith("@localhost:5432/reciprocity_db")
    assert f"\n# {AI}={AI_IN_DOCKER}\n" in text
    assert f"\n# {BACKEND}={BACKEND_IN_DOCKER}\n" in text
    for kind in (ApiSettings, WorkerSettings):
        load(
            kind,
            Sources(written | {"CELERY_BROKER_URL": "redis://h"}, dict.fromkeys(written, ".env")),
        )
        for name in names(kind):
            assert re.search(rf"^(# )?{name}=", text, re.MULTILINE), name


def test_the_image_is_of_the_base_install_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert re.findall(r"requirements/\w+\.txt", text) == ["requirements/base.txt"] * 3
    final = text.rsplit("FROM ", 1)[1]
    assert re.search(r"^USER (?!root|0)\w+", final, re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for source in (word for line in copied for word in line.split()[:-1]):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in kept
