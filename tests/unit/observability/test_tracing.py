"""Traces go somewhere only when an endpoint is set, and otherwise cost and need nothing."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn

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


@dataclass
class Recorded:
    """Be a span and its tracer, and remember what was said to them, as OpenTelemetry's would."""

    options: dict[str, Any] = field(default_factory=dict)
    told: list[tuple[Any, ...]] = field(default_factory=list)

    @contextmanager
    def start_as_current_span(self, _name: str, **options: Any) -> Iterator[Recorded]:
        self.options = options
        yield self

    def set_status(self, *status: Any) -> None:
        self.told.append(status)


def test_a_failed_span_names_the_kind_of_error_and_none_of_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded = Recorded()
    monkeypatch.setattr(tracing, "_tracer", [recorded])
    library = SimpleNamespace(StatusCode=SimpleNamespace(ERROR="error"))
    monkeypatch.setattr(importlib, "import_module", lambda _name: library)
    with pytest.raises(ValueError, match="ann@example"), tracing.span("store vectors"):
        raise ValueError("ann@example.org exists already")
    assert recorded.told == [("error", "ValueError")]
    assert recorded.options == {"record_exception": False, "set_status_on_exception": False}
