"""Schemathesis over the whole OpenAPI description: no 5xx, and answers of the promised form.

.venv/bin/pytest -m "not long" tests/fuzz/test_schemathesis.py    a few calls to every operation
.venv/bin/pytest -m long tests/fuzz/test_schemathesis.py          200 to each, or SCHEMATHESIS_EXAMPLES
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.python import asgi
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from app.adapters.postgresql import PostgreSQLAdapter
from app.main import create_app
from app.services import accounts, limits, sessions
from app.settings import ApiSettings
from tests.conftest import Pair

KEY: Final = "the service's key"
CHECKS: Final[list[CheckFunction]] = [
    not_a_server_error, content_type_conformance, response_schema_conformance,
]  # fmt: skip
# It never ends: the tests of live pages read it.
STREAM: Final = "/api/member/v1/events"
# 501 says of this call that the installation has no speech model, whatever is sent.
EXPECTED: Final = {"/api/v1/voice/transcribe": {501}}
LONG: Final = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "200"))


@dataclass
class Caller:
    """Call operations as a member, as an operator, or as a service with its key."""

    databases: PostgreSQLAdapter
    client: requests.Session
    answers: Counter[int] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, path: str) -> dict[str, str]:
        """Give what lets in: the service's key, or the token of an operator or of a member."""
        if path.startswith("/api/v1/") or path == "/metrics":
            return {"X-API-KEY": KEY}
        email = "op@example.org" if path.startswith("/api/operator/") else "ann@example.org"
        if email not in self.tokens:
            self.tokens[email] = self.token(email)
        return {"Authorization": f"Bearer {self.tokens[email]}"}

    def token(self, email: str) -> str:
        """Begin a session of a member, whatever earlier calls have done to the account."""
        with self.databases.backend() as backend:
            backend.execute("UPDATE users SET is_active = true WHERE email = %s", (email,))
            row = backend.execute("SELECT id FROM users WHERE email = %s", (email,)).fetchone()
            assert row is not None
            return sessions.start(backend, row[0], "bearer", "schemathesis")[0].secret

    def ask(self, operation: APIOperation[Any, Any, Any, Any], examples: int) -> None:
        """Send an operation what its description allows, and what it does not."""
        positive, negative = (
            schemathesis.GenerationMode.POSITIVE,
            schemathesis.GenerationMode.NEGATIVE,
        )
        cases = operation.as_strategy(positive) | operation.as_strategy(negative)
        path, allowed = operation.path, EXPECTED.get(operation.path, set())

        @settings(
            max_examples=examples, database=None, deadline=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(cases)
        def call(case: schemathesis.Case[Any]) -> None:
            self.client.cookies.clear()
            answer = case.call(session=self.client, headers=self.headers(path))
            self.answers[answer.status_code] += 1
            self.asked.add(operation.label)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self.tokens.clear()  # an earlier call has ended the session
            if answer.status_code not in allowed:
                case.validate_response(answer, checks=CHECKS)

        try:
            call()
        except BaseExceptionGroup as found:
            self.faults += [f"{operation.label}: {one}" for one in found.exceptions]
        except Exception as error:  # noqa: BLE001 - every operation is asked before the test fails
            self.faults.append(f"{operation.label}: {error!r}")


@pytest.fixture
def caller(matched_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Caller, Any]]:
    databases = PostgreSQLAdapter()
    monkeypatch.setattr("app.bootstrap.postgresql_adapter", databases)
    monkeypatch.setattr(limits, "take", lambda *_: None)  # they would stop all after the first
    values = matched_pair.environment | {"RECIPROCITY_ENVIRONMENT": "test", "API_KEY": KEY}
    app = create_app(ApiSettings.model_validate(values))
    with asgi.get_client(app) as client:  # type: ignore[arg-type] # it wants plain dicts
        wish = accounts.Wish("op@example.org", "correct horse battery", "Op")
        accounts.create(databases, wish, operator=True)
        accounts.create(databases, accounts.Wish("ann@example.org", "correct horse battery", "Ann"))
        yield Caller(databases, client), app
    asgi.shutdown_lifespans()


def _all(caller: Caller, app: Any, examples: int) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    described = app.openapi()["paths"]
    assert len(operations) == sum(len(methods) for methods in described.values())
    for operation in operations:
        if operation.path != STREAM:
            caller.ask(operation, examples)
    assert caller.faults == [], "\n".join(caller.faults)
    assert caller.asked == {one.label for one in operations if one.path != STREAM}
    prefixes = ("/api/member/v1/", "/api/operator/v1/", "/api/v1/")
    assert all(any(one.path.startswith(p) for one in operations) for p in prefixes)
    good = sum(caller.answers[status] for status in (200, 201, 204))
    assert good > len(operations) / 3, caller.answers


def test_every_operation_answers_schemathesis_as_its_description_says(
    caller: tuple[Caller, Any],
) -> None:
    _all(*caller, examples=3)


@pytest.mark.long
def test_every_operation_answers_thousands_of_drawn_calls_as_its_description_says(
    caller: tuple[Caller, Any],
) -> None:
    _all(*caller, examples=LONG)
