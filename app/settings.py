"""Every variable, once, validated before anything is opened.

The environment comes before the file `.env`. No database variable has a default, and nothing that
libpq would fill in from `PG*` variables is accepted: an address says all of itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app import addresses
from app.errors import SettingsError


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Optional = Annotated[str | None, BeforeValidator(_blank_is_absent)]
AIAddress = Annotated[str, BeforeValidator(addresses.checked)]
BackendAddress = Annotated[str, BeforeValidator(addresses.checked)]


class DatabaseSettings(BaseModel):
    """Hold the two addresses that every service needs, and what the pair is called."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: AIAddress = Field(alias="DATABASE_URL", repr=False)
    backend_database_url: BackendAddress = Field(alias="RECIPROCITY_BACKEND_DB_URL", repr=False)
    environment: Literal["development", "test", "staging", "production"] | None = Field(
        None, alias="RECIPROCITY_ENVIRONMENT"
    )
    pool_size: int = Field(10, alias="DATABASE_POOL_SIZE", ge=1, le=200)
    connect_timeout: int = Field(10, alias="DATABASE_CONNECT_TIMEOUT", ge=1, le=120)
    statement_timeout: int = Field(60, alias="DATABASE_STATEMENT_TIMEOUT", ge=1)

    @model_validator(mode="after")
    def _two_databases(self) -> Self:
        if addresses.place(self.database_url) == addresses.place(self.backend_database_url):
            raise ValueError(
                "DATABASE_URL and RECIPROCITY_BACKEND_DB_URL point at the same database;"
                " DATABASE_URL is the AI database (reciprocity_ai), RECIPROCITY_BACKEND_DB_URL the"
                " backend database (reciprocity_db)"
            )
        return self


class EmbeddingSettings(BaseModel):
    """Say which embedding model makes the vectors: a folder on disk, or a server."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    folder: Path | None = Field(None, alias="EMBEDDING_MODEL_PATH")
    base_url: Optional = Field(None, alias="EMBEDDING_BASE_URL")
    embedding_api_key: Optional = Field(None, alias="EMBEDDING_API_KEY", repr=False)
    model: Optional = Field(None, alias="EMBEDDING_MODEL")
    dimensions: int | None = Field(None, alias="EMBEDDING_DIMENSIONS", ge=1, le=16_000)


class WorkerSettings(DatabaseSettings, EmbeddingSettings):
    """List what the worker needs."""

    broker_url: str = Field(alias="CELERY_BROKER_URL", min_length=1, repr=False)
    concurrency: int = Field(1, alias="WORKER_CONCURRENCY", ge=1, le=64)


class CommandSettings(DatabaseSettings, EmbeddingSettings):
    """List what a command that works on members needs; without a broker the sweep finds its work."""

    broker_url: Optional = Field(None, alias="CELERY_BROKER_URL", repr=False)


class ApiSettings(CommandSettings):
    """List what the API needs. Without API_KEY every call under /api/v1 is refused."""

    api_key: Optional = Field(None, alias="API_KEY", repr=False)
    host: str = Field("127.0.0.1", alias="API_HOST")
    port: int = Field(8000, alias="API_PORT", ge=0, le=65_535)


AnySettings = TypeVar("AnySettings", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sources:
    """Hold the values at hand and say where each came from."""

    values: Mapping[str, str]
    origins: Mapping[str, str]

    @classmethod
    def read(cls, env_file: Path | None = None) -> Sources:
        """Read the environment, and what it lacks from `.env` in the working directory."""
        path = env_file or Path(os.environ.get("RECIPROCITY_ENV_FILE", ".env"))
        written = {k: v for k, v in dotenv_values(path).items() if v is not None}
        return cls(
            values={**written, **os.environ},
            origins={
                **dict.fromkeys(written, str(path)),
                **dict.fromkeys(os.environ, "environment"),
            },
        )


def load(kind: type[AnySettings], sources: Sources | None = None) -> AnySettings:
    """Validate one service's settings; raise SettingsError naming each variable and the file."""
    sources = sources or Sources.read()
    if issubclass(kind, DatabaseSettings):
        _refuse_fallbacks(sources)
    try:
        return kind.model_validate(dict(sources.values))
    except ValidationError as error:
        problems = [
            _explain(item["loc"], item["type"], item["msg"], sources, kind)
            for item in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        raise SettingsError("\n".join(problems)) from None  # the cause would print the addresses


def _explain(
    location: tuple[int | str, ...],
    problem: str,
    message: str,
    sources: Sources,
    kind: type[BaseModel],
) -> str:
    name = str(location[0]) if location else ""
    if not name:
        return f"{message.removeprefix('Value error, ')}. Mend .env, or the service's environment."
    origin = sources.origins.get(name)
    if problem == "missing":
        typo = addresses.mistyped(
            name, sources.values, {f.alias for f in kind.model_fields.values()}
        )
        hint = f" {typo} is set: is it {name} mistyped?" if typo else ""
        return (
            f"{name} is missing: {_MEANING.get(name, 'this service needs it')}.{hint} Set it in .env"
            " (see .env.example), or in the environment of this service in docker-compose.yml."
        )
    place = "the environment" if origin == "environment" else origin or ".env"
    return f"{name} (from {place}): {message.removeprefix('Value error, ')}. Mend it in {place}."


_MEANING: Final = {
    "DATABASE_URL": "the address of the AI database (embeddings)",
    "RECIPROCITY_BACKEND_DB_URL": "the address of the backend database (users, summaries, matches)",
    "CELERY_BROKER_URL": "the address of the broker (Redis) that wakes the worker",
}


def _refuse_fallbacks(sources: Sources) -> None:
    for name in ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"):
        filled = addresses.filled_by_libpq(sources.values.get(name, ""), os.environ)
        if filled:
            raise SettingsError(
                f"{filled} is set in the environment and would silently fill in what {name} does not"
                f" say. Unset {filled}, or write the value into {name} itself."
            )
