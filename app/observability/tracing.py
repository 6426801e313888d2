"""Hand spans to OpenTelemetry where an endpoint is set; elsewhere cost nothing and need nothing."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.errors import SettingsError
from app.observability import correlation

_tracer: list[Any] = []  # one at most, set at the start of a process
_provider: list[Any] = []
_FLUSH_MILLISECONDS: Final = 3_000


class Span:
    """Stand for a span, or for none."""

    def __init__(self, inner: Any = None) -> None:
        self._inner = inner

    def name(self, name: str, **attributes: str | float) -> None:
        """Say what the span was, once that is known; nothing of a member may stand in it."""
        if self._inner is not None:
            self._inner.update_name(name)
            for key, value in attributes.items():
                self._inner.set_attribute(f"reciprocity.{key}", value)

    def fail(self, reason: str) -> None:
        """Mark the span as failed; a reason is an error's type, for its words may quote a member."""
        if self._inner is not None:
            codes = importlib.import_module("opentelemetry.trace").StatusCode
            self._inner.set_status(codes.ERROR, reason)


def configure(endpoint: str | None, service: str) -> None:
    """Send spans to an OTLP endpoint (HTTP); raise SettingsError when the extra is not installed."""
    if not endpoint:
        return
    try:
        exporters = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
    except ImportError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry is not installed:"
            " `pip install 'reciprocity[tracing]'`, or unset it."
        ) from None
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": service}))
    address = f"{endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(
        export.BatchSpanProcessor(exporters.OTLPSpanExporter(endpoint=address))
    )
    _tracer[:] = [provider.get_tracer("reciprocity")]
    _provider[:] = [provider]


def flush() -> None:
    """Send what waits: a worker's child ends without the end of a process that would do it."""
    for provider in _provider:
        provider.force_flush(_FLUSH_MILLISECONDS)


@contextmanager
def span(name: str) -> Iterator[Span]:
    """Measure what happens inside as one span, with the correlation ids that hold there."""
    if not _tracer:
        yield Span()
        return
    # Left to itself the library writes an error's words into the span.
    begun = _tracer[0].start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    )
    with begun as inner:
        for kind, value in correlation.current().items():
            inner.set_attribute(f"reciprocity.{kind}", value)
        made = Span(inner)
        try:
            yield made
        except BaseException as error:
            made.fail(type(error).__name__)
            raise
