"""Migrations change nothing before both addresses are known to reach what they should."""

from __future__ import annotations

import pytest

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import IdentityError
from app.databases.names import Database
from app.settings import DatabaseSettings
from tests.conftest import Pair

TABLES = (
    "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)


def _settings(ai: str, backend: str, environment: str | None = None) -> DatabaseSettings:
    return DatabaseSettings.model_validate(
        {
            "DATABASE_URL": ai,
            "RECIPROCITY_BACKEND_DB_URL": backend,
            "RECIPROCITY_ENVIRONMENT": environment,
        }
    )


def _refused(settings: DatabaseSettings, words: str) -> None:
    adapter = PostgreSQLAdapter(settings)
    with pytest.raises(IdentityError, match=words):
        migrate(adapter, settings.environment or "test")
    adapter.close()


def test_an_empty_database_in_the_backend_s_place_stays_empty(pair: Pair, empty_pair: Pair) -> None:
    backend = empty_pair.settings.backend_database_url
    _refused(_settings(pair.settings.database_url, backend), "nothing was migrated")
    assert empty_pair.sql(Database.BACKEND, TABLES) == "0"


def test_one_empty_database_by_two_names_stays_empty(empty_pair: Pair) -> None:
    backend = empty_pair.settings.backend_database_url
    alias = backend.replace("127.0.0.1", "127.1")
    _refused(_settings(alias, backend), "same database by two names")
    assert empty_pair.sql(Database.BACKEND, TABLES) == "0"


def test_a_database_of_another_environment_is_not_migrated(pair: Pair) -> None:
    ai, backend = pair.settings.database_url, pair.settings.backend_database_url
    _refused(_settings(ai, backend, "production"), "runs in production")


def test_an_ai_database_that_was_lost_is_made_anew_in_the_same_pair(
    pair: Pair, empty_pair: Pair
) -> None:
    settings = _settings(empty_pair.settings.database_url, pair.settings.backend_database_url)
    adapter = PostgreSQLAdapter(settings)
    made = migrate(adapter, "test")
    adapter.verify()
    adapter.close()
    assert pair.sql(Database.BACKEND, "SELECT pair_id FROM backend_identity") == str(made)
