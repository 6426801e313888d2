"""Describe errors as they are answered: problem details, under their own content type."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.member.bodies import Problem

KIND: Final = "application/problem+json"
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
# Whatever was asked, these can be the answer.
_ALWAYS: Final = {"422": "What was sent cannot be accepted; nothing was changed."}
_SERVICE: Final = {"401": "The key is missing or wrong.", "404": "It does not exist."}


def install(app: FastAPI) -> None:
    """Let the application's OpenAPI document promise problem details for every error."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = _with_problems(made)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign] # FastAPI's own way to extend it


def _with_problems(made: dict[str, Any]) -> dict[str, Any]:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _with_errors(path, operation["responses"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return made


def _with_errors(path: str, responses: dict[str, Any]) -> None:
    always = _ALWAYS | (_SERVICE if path.startswith("/api/v1/") else {})
    for status, words in always.items():
        responses.setdefault(status, {"description": words})
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "text/plain" not in response.get("content", {}):
            response["content"] = {KIND: {"schema": _PROBLEM}}
