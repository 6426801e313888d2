"""A service that lacks a setting says which one and which file to mend, before it opens anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.pq import Conninfo
from pydantic import BaseModel

from app import addresses
from app.errors import SettingsError
from app.settings import (
    ApiSettings,
    CommandSettings,
    DatabaseSettings,
    Sources,
    WorkerSettings,
    all_names,
    load,
)

AI = "postgresql://reciprocity_user:Ka7-ai-secret@localhost:5433/reciprocity_ai"
BACKEND = "postgresql://postgres:Ka7-backend-secret@localhost:5432/reciprocity_db"
BROKER = "redis://:Ka7-broker-secret@localhost:6379/0"
WHOLE = {"DATABASE_URL": AI, "RECIPROCITY_BACKEND_DB_URL": BACKEND, "CELERY_BROKER_URL": BROKER}
SERVICES: list[type[BaseModel]] = [ApiSettings, WorkerSettings, CommandSettings]
BOTH = ["DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*all_names(), *addresses.ROUTES):
        monkeypatch.delenv(name, raising=False)


def _sources(values: dict[str, str], origin: str = "environment") -> Sources:
    return Sources(values, dict.fromkeys(values, origin))


def _refusal(kind: type[BaseModel], values: dict[str, str], origin: str = "environment") -> str:
    with pytest.raises(SettingsError) as refused:
        load(kind, _sources(values, origin))
    said = str(refused.value)
    assert "secret" not in said
    return said


@pytest.mark.parametrize("kind", SERVICES)
def test_with_everything_it_needs_a_service_starts(kind: type[BaseModel]) -> None:
    load(kind, _sources(WHOLE))


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("name", BOTH)
def test_a_missing_address_is_named_with_the_file_to_mend(kind: type[BaseModel], name: str) -> None:
    said = _refusal(kind, {k: v for k, v in WHOLE.items() if k != name})
    assert f"{name} is missing" in said
    assert ".env" in said
    assert "docker-compose.yml" in said


def test_only_the_worker_cannot_do_without_a_broker() -> None:
    values = {k: v for k, v in WHOLE.items() if k != "CELERY_BROKER_URL"}
    assert "CELERY_BROKER_URL is missing" in _refusal(WorkerSettings, values)
    assert "celery-worker" in _refusal(WorkerSettings, values)
    load(ApiSettings, _sources(values))
    load(CommandSettings, _sources(values))


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("nothing", ["", "   "])
def test_an_empty_address_is_refused_where_it_stands(
    kind: type[BaseModel], name: str, nothing: str
) -> None:
    said = _refusal(kind, WHOLE | {name: nothing}, ".env")
    assert f"{name} (from .env): it is empty" in said
    assert "Mend it in .env" in said


@pytest.mark.parametrize("typo", ["DATABSE_URL", "DATABASE_URI", "database_url", "DATABASE_ULR"])
def test_a_mistyped_name_is_recognised(typo: str) -> None:
    said = _refusal(ApiSettings, {"RECIPROCITY_BACKEND_DB_URL": BACKEND, typo: AI})
    assert f"{typo} is set: is it DATABASE_URL mistyped?" in said


@pytest.mark.parametrize(
    "typo", ["RECIPROCITY_BACKEND_DBURL", "RECIPROCITY_BACKEND_DATABASE_URL", "BACKEND_DB_URL"]
)
def test_a_mistyped_backend_address_is_recognised(typo: str) -> None:
    said = _refusal(
        WorkerSettings, {k: v for k, v in WHOLE.items() if k[0] != "R"} | {typo: BACKEND}
    )
    assert f"{typo} is set: is it RECIPROCITY_BACKEND_DB_URL mistyped?" in said


def test_the_address_of_the_backends_web_service_is_no_mistyped_database() -> None:
    values = {"DATABASE_URL": AI, "RECIPROCITY_BACKEND_URL": "https://backend.example/api/v1"}
    assert "mistyped" not in _refusal(ApiSettings, values)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("API_PROT", "API_PORT"),
        ("api_key", "API_KEY"),
        ("EMBEDING_BASE_URL", "EMBEDDING_BASE_URL"),
        ("RECIPROCITY_ENVIROMENT", "RECIPROCITY_ENVIRONMENT"),
        ("CELERY_BROKER_ULR", "CELERY_BROKER_URL"),
    ],
)
def test_a_mistyped_option_is_not_silently_ignored(typo: str, meant: str) -> None:
    values = {k: v for k, v in WHOLE.items() if k != "CELERY_BROKER_URL"}
    said = _refusal(ApiSettings, values | {typo: "x"}, ".env")
    assert f"{typo} (from .env) means nothing and {meant} is not set" in said


def test_names_of_other_programs_in_the_same_environment_disturb_nobody() -> None:
    others = {"APP_KEY": "x", "TEST_DATABASE_URL": "x", "HOME": "/", "PGHOST_": "x", "PATH": "/bin"}
    load(ApiSettings, _sources(WHOLE | others))


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize(
    "second",
    [
        AI,
        "postgresql://somebody_else:secret@localhost:5433/reciprocity_ai",
        "postgresql://reciprocity_user:secret@127.0.0.1:5433/reciprocity_ai?sslmode=prefer",
        "postgres://u:secret@LOCALHOST.:5433/reciprocity_ai",
        "postgresql://u:secret@[::1]:5433/reciprocity_ai",
    ],
)
def test_one_database_for_both_is_refused_whatever_it_is_called(
    kind: type[BaseModel], second: str
) -> None:
    said = _refusal(kind, WHOLE | {"RECIPROCITY_BACKEND_DB_URL": second})
    assert "the same database" in said
    assert all(name in said for name in BOTH)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://u:secret@localhost:5433", "no database name"),
        ("postgresql://u:secret@localhost:5433/", "no database name"),
        ("postgresql://u:secret@/reciprocity_ai", "no host"),
        ("postgresql://localhost/reciprocity_ai", "no user"),
        ("localhost:5433/reciprocity_ai", "must begin with postgresql://"),
        ("host=localhost user=u password=secret dbname=d", "must begin with postgresql://"),
        ("mysql://u:secret@localhost/reciprocity_ai", "must begin with postgresql://"),
        ("postgresql://u:sec%zzret@localhost/d", "is not a PostgreSQL address"),
        ("postgresql://u:p@secret@localhost/d", "percent-encoded"),
        ("postgresql://u:p/secret@localhost/d", "percent-encoded"),
        ("postgresql://u@localhost:secret/d", "percent-encoded"),
        ("postgresql://u@h/d?service=secret", "service="),
        ("postgresql://u@h/d?options=-csearch_path%3Dsecret", "options="),
    ],
)
def test_an_address_that_does_not_say_all_of_itself_is_refused(address: str, reason: str) -> None:
    said = _refusal(ApiSettings, WHOLE | {"DATABASE_URL": address}, ".env")
    assert said.startswith("DATABASE_URL (from .env)")
    assert reason in said


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:a%40b%3A%2F%3F%23@h:5433/reciprocity_ai",
        "postgresql://u:${HOME}$x*&!@h-1.example.org:5433/reciprocity_ai?sslmode=verify-full",
        "postgresql://u@[2001:db8::1]:5433/reciprocity_ai",
        "postgresql://u@/reciprocity_ai?host=/var/run/postgresql",
        "postgresql://u@%2Fvar%2Frun%2Fpostgresql/reciprocity_ai",
        "postgresql://u:p@h1:5433,h2:5433/reciprocity_ai?target_session_attrs=read-write",
    ],
)
def test_every_whole_address_is_taken_as_it_stands(address: str) -> None:
    assert load(ApiSettings, _sources(WHOLE | {"DATABASE_URL": address})).database_url == address


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("variable", "value", "silent"),
    [
        ("PGPORT", "5433", "postgresql://u:secret@h/d"),
        ("PGPASSWORD", "secret", "postgresql://u@h:5/d"),
        ("PGHOST", "elsewhere", "postgresql://u:secret@/d"),
        ("PGHOSTADDR", "10.0.0.1", "postgresql://u:secret@h:5/d"),
        ("PGDATABASE", "d", "postgresql://u:secret@h:5"),
        ("PGUSER", "u", "postgresql://h:5/d"),
        ("PGSERVICE", "production", "postgresql://u:secret@h:5/d"),
        ("PGSSLMODE", "disable", "postgresql://u:secret@h:5/d"),
    ],
)
def test_what_libpq_would_fill_in_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, variable: str, value: str, silent: str
) -> None:
    monkeypatch.setenv(variable, value)
    said = _refusal(CommandSettings, WHOLE | {name: silent})
    assert f"{variable} is set in the environment and would silently fill in what {name}" in said


def test_every_variable_of_libpq_is_either_refused_or_known_to_be_harmless() -> None:
    harmless = {
        "PGAPPNAME", "PGCONNECT_TIMEOUT", "PGCLIENTENCODING",  # the program sets or checks them
        "PGPASSFILE",  # gives a password, and cannot move a connection
        "PGSERVICEFILE",  # read only where a service is named, which is refused
        "PGCHANNELBINDING", "PGSSLNEGOTIATION", "PGSSLCOMPRESSION", "PGSSLCERT", "PGSSLKEY",
        "PGSSLCERTMODE", "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLSNI",
        "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION", "PGMINPROTOCOLVERSION",
        "PGMAXPROTOCOLVERSION", "PGGSSENCMODE", "PGKRBSRVNAME", "PGGSSLIB", "PGGSSDELEGATION",
        "PGLOADBALANCEHOSTS",
    }  # fmt: skip
    known = {option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    assert known - harmless <= set(addresses.ROUTES)


def test_a_broker_without_a_scheme_is_refused() -> None:
    said = _refusal(WorkerSettings, WHOLE | {"CELERY_BROKER_URL": "localhost:6379"})
    assert "CELERY_BROKER_URL" in said
    assert "redis://" in said


def test_the_environment_comes_before_the_file_and_nothing_in_it_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        f"DATABASE_URL={AI}\n"
        "RECIPROCITY_BACKEND_DB_URL=postgresql://postgres:${HOME}@host.docker.internal:5432/reciprocity_db\n"
        "API_PORT=8001\n"
    )
    monkeypatch.setenv("API_PORT", "8002")
    sources = Sources.read(file)
    made = load(ApiSettings, sources)
    assert made.port == 8002
    assert made.backend_database_url.startswith("postgresql://postgres:${HOME}@host.docker")
    assert sources.origins["API_PORT"] == "environment"
    assert sources.origins["DATABASE_URL"] == str(file)


def test_all_that_is_wrong_is_told_at_once() -> None:
    said = _refusal(WorkerSettings, {"API_PROT": "1"})
    for name in WHOLE:
        assert f"{name} is missing" in said


def test_numbers_out_of_range_name_their_variable() -> None:
    said = _refusal(ApiSettings, WHOLE | {"DATABASE_POOL_SIZE": "0", "API_PORT": "99999"}, ".env")
    assert "DATABASE_POOL_SIZE (from .env)" in said
    assert "API_PORT (from .env)" in said


@pytest.mark.parametrize("kind", [ApiSettings, WorkerSettings, CommandSettings])
def test_the_backends_address_alone_decides_the_mode_and_a_contradiction_is_an_error(
    kind: type[DatabaseSettings],
) -> None:
    there = {"RECIPROCITY_BACKEND_URL": "https://backend.example.org/api/v1"}
    for agreeing in (
        {}, there, {"BACKEND_MODE": ""}, {"BACKEND_MODE": "standalone"},
        there | {"BACKEND_MODE": "nestjs"}, there | {"BACKEND_MODE": " "},
    ):  # fmt: skip
        made = load(kind, _sources(WHOLE | agreeing))
        assert made.beside_nestjs is ("RECIPROCITY_BACKEND_URL" in agreeing)
    for contradicting in ({"BACKEND_MODE": "nestjs"}, there | {"BACKEND_MODE": "standalone"}):
        said = _refusal(kind, WHOLE | contradicting, ".env")
        assert "BACKEND_MODE (from .env)" in said
        assert "RECIPROCITY_BACKEND_URL" in said
