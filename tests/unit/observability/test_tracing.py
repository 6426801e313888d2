"""Traces go somewhere only when an endpoint is set, and otherwise cost and need nothing."""

from __future__ import annotations

import builtins
import importlib
from typing import NoReturn

import pytest

from app.errors import SettingsError
from app.observability import tracing


def test_without_an_endpoint_nothing_is_imported_and_a_span_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(name: str) -> NoReturn:
        raise builtins.AssertionError(f"{name} was imported")

    monkeypatch.setattr(importlib, "import_module", refuse)
    tracing.configure(None, "worker")
    with tracing.span("store vectors") as span:
        span.name("GET /x", status=200)


def test_an_endpoint_without_the_library_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> NoReturn:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(SettingsError, match=r"pip install 'reciprocity\[tracing\]'"):
        tracing.configure("http://localhost:4318", "worker")
