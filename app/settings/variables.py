"""Every variable, by the service that reads it: what it may hold, and what holds where it is absent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app import addresses


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Optional = Annotated[str | None, BeforeValidator(_blank_is_absent)]
AIAddress = Annotated[str, BeforeValidator(addresses.checked)]
BackendAddress = Annotated[str, BeforeValidator(addresses.checked)]


def _broker(value: object) -> object:
    if isinstance(value, str) and value.strip() and "://" not in value:
        raise ValueError("it has no scheme; write redis://:PASSWORD@HOST:PORT/0")
    return value


def _site(value: object) -> object:
    if isinstance(value, str) and value.strip():
        if not value.strip().startswith(("http://", "https://")):
            raise ValueError("it has no scheme; write https://HOST")
        return value.strip().rstrip("/")
    return value


class DatabaseSettings(BaseModel):
    """Hold the two addresses that every service needs, and what the pair is called.

    `service` is how the compose file calls the process, for errors that name what to mend.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    service: ClassVar[str] = "this service"

    database_url: AIAddress = Field(alias="DATABASE_URL", repr=False)
    backend_database_url: BackendAddress = Field(alias="RECIPROCITY_BACKEND_DB_URL", repr=False)
    environment: Literal["development", "test", "staging", "production"] | None = Field(
        None, alias="RECIPROCITY_ENVIRONMENT"
    )
    pool_size: int = Field(10, alias="DATABASE_POOL_SIZE", ge=1, le=200)
    connect_timeout: int = Field(10, alias="DATABASE_CONNECT_TIMEOUT", ge=1, le=120)
    statement_timeout: int = Field(60, alias="DATABASE_STATEMENT_TIMEOUT", ge=1)
    log_format: Literal["json", "text"] | None = Field(None, alias="LOG_FORMAT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")
    traces_endpoint: Optional = Field(None, alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    backend_url: Annotated[Optional, BeforeValidator(_site)] = Field(
        None, alias="RECIPROCITY_BACKEND_URL"
    )
    webhook_key: Optional = Field(None, alias="AI_SERVICE_WEBHOOK_API_KEY", repr=False)
    backend_events_url: Annotated[Optional, BeforeValidator(_broker)] = Field(
        None, alias="RECIPROCITY_BACKEND_EVENTS_URL", repr=False
    )
    backend_mode: Annotated[
        Literal["standalone", "nestjs"] | None, BeforeValidator(_blank_is_absent)
    ] = Field(None, alias="BACKEND_MODE")

    @property
    def beside_nestjs(self) -> bool:
        """Say whether another backend owns the shared tables and is told by webhook."""
        return self.backend_url is not None

    @property
    def log_form(self) -> Literal["json", "text"]:
        """Choose how logs are written: for programs where others than developers look at them."""
        if self.log_format is not None:
            return self.log_format
        return "json" if self.environment in {"staging", "production"} else "text"

    @field_validator("backend_mode")
    @classmethod
    def _one_mode(cls, mode: str | None, info: ValidationInfo) -> str | None:
        """Let the address alone decide, and refuse a mode that says something else."""
        beside = info.data.get("backend_url") is not None
        if mode == "nestjs" and not beside:
            raise ValueError(
                "it is nestjs and RECIPROCITY_BACKEND_URL is not set; set that to the backend's address,"
                " which ends in /api/v1, or remove BACKEND_MODE"
            )
        if mode == "standalone" and beside:
            raise ValueError(
                "it is standalone and RECIPROCITY_BACKEND_URL names another backend; remove one of the"
                " two"
            )
        return mode

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
    map_file: Path | None = Field(None, alias="EMBEDDING_MAP")


class LanguageModelSettings(BaseModel):
    """Say which language model reads and words in onboarding; without an address there is none."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    llm_base_url: Optional = Field(None, alias="LLM_BASE_URL")
    llm_api_key: Optional = Field(None, alias="LLM_API_KEY", repr=False)
    llm_model: Optional = Field(None, alias="LLM_MODEL")


class WorkerSettings(DatabaseSettings, EmbeddingSettings, LanguageModelSettings):
    """List what the worker needs."""

    service: ClassVar[str] = "celery-worker"
    broker_url: Annotated[str, BeforeValidator(_broker)] = Field(
        alias="CELERY_BROKER_URL", min_length=1, repr=False
    )
    concurrency: int = Field(1, alias="WORKER_CONCURRENCY", ge=1, le=64)
    fairness: float = Field(0.25, alias="RECIPROCITY_FAIRNESS", ge=0.0, lt=1.0)


class CommandSettings(DatabaseSettings, EmbeddingSettings, LanguageModelSettings):
    """List what a command that works on members needs; without a broker the sweep finds its work."""

    broker_url: Annotated[Optional, BeforeValidator(_broker)] = Field(
        None, alias="CELERY_BROKER_URL", repr=False
    )


class SiteSettings(BaseModel):
    """Say where members reach the site, who keeps their accounts, and what sends e-mail."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    site_url: Annotated[Optional, BeforeValidator(_site)] = Field(
        None, alias="RECIPROCITY_SITE_URL"
    )
    smtp_url: Optional = Field(None, alias="SMTP_URL", repr=False)
    mail_from: str = Field("Reciprocity <reciprocity@localhost>", alias="MAIL_FROM", min_length=3)


class ApiSettings(CommandSettings, SiteSettings):
    """List what the API needs. Without API_KEY every call under /api/v1 is refused."""

    service: ClassVar[str] = "ai-service"
    api_key: Optional = Field(None, alias="API_KEY", repr=False)
    metrics_token: Optional = Field(None, alias="METRICS_TOKEN", repr=False)
    host: str = Field("127.0.0.1", alias="API_HOST")
    port: int = Field(8000, alias="API_PORT", ge=0, le=65_535)
    processes: int = Field(2, alias="API_PROCESSES", ge=1, le=64)
    most_requests: int = Field(64, alias="API_MOST_REQUESTS", ge=1)
    most_streams: int = Field(2_000, alias="API_MOST_STREAMS", ge=0)
    patience: float = Field(60.0, alias="API_REQUEST_TIMEOUT", gt=0)


# Every variable that means something to this project, whoever reads it: none of them is a slip.
_READ_ELSEWHERE: Final = frozenset(
    {
        "RECIPROCITY_ENV_FILE",
        "RECIPROCITY_HOME",
        "RECIPROCITY_POSTGRES_MAJOR",
        "RECIPROCITY_TEST_POSTGRES",
        # Other frameworks' own names, which may stand in the same environment.
        "APP_KEY",
        "APP_HOST",
        "APP_PORT",
    }
)


def names(kind: type[BaseModel]) -> frozenset[str]:
    """List the variables that one service reads."""
    return frozenset(field.alias for field in kind.model_fields.values() if field.alias)


def all_names() -> frozenset[str]:
    """List every variable that any service reads."""
    services = (
        DatabaseSettings,
        EmbeddingSettings,
        WorkerSettings,
        CommandSettings,
        SiteSettings,
        ApiSettings,
    )
    return frozenset().union(*(names(kind) for kind in services)) | _READ_ELSEWHERE
