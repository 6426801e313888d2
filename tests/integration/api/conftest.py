from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.embedded.provisioning import provision
from app.main import create_app
from app.settings import ApiSettings
from tests.conftest import Pair

KEY = "a-key-for-tests"
Serve = Callable[..., TestClient]


def application(pair: Pair, **further: str) -> FastAPI:
    """Make the application on an adapter of its own: a test may serve several pairs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.bootstrap.postgresql_adapter", PostgreSQLAdapter())
        return create_app(ApiSettings.model_validate(pair.environment | further))


def lock_out(pair: Pair, database: Database) -> None:
    """Let a database refuse everybody, as one that went down does."""
    statement = f"""
        ALTER DATABASE "{pair.name}" ALLOW_CONNECTIONS false;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{pair.name}';
    """
    provision(pair.server(database), statement)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve the API on a pair of databases, as its lifespan would, until the test ends."""
    with ExitStack() as stack:

        def start(pair: Pair, **further: str) -> TestClient:
            made = application(pair, **({"API_KEY": KEY} | further))
            return stack.enter_context(TestClient(made, raise_server_exceptions=False))

        yield start


@pytest.fixture(scope="module")
def client(read_only_pair: Pair) -> Iterator[TestClient]:
    """Serve a community that has its matches; the module's tests only read it."""
    made = application(read_only_pair, API_KEY=KEY)
    with TestClient(made, raise_server_exceptions=False) as opened:
        yield opened
