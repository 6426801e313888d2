"""Take traces in the place of a collector, and count them: by service and name, with their parents.

    python3.11 -m venv .venv-traces
    .venv-traces/bin/pip install -e '.[embedded,tracing]'
    .venv-traces/bin/python scripts/count_traces.py --seconds 60 &
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 .venv-traces/bin/reciprocity up --any-port

What arrives is read by OpenTelemetry's own definition of it; nothing is kept, and nothing sent on.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Counting(ThreadingHTTPServer):
    """Hold what arrived: spans by (service, name, root or child), and how many deliveries."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Taking)
        self.lock = threading.Lock()
        self.deliveries = 0
        self.spans: Counter[tuple[str, str, str]] = Counter()
        self.attributes: set[str] = set()

    def count(self, body: bytes) -> None:
        """Read one delivery."""
        told: Any = importlib.import_module(
            "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
        ).ExportTraceServiceRequest.FromString(body)
        with self.lock:
            self.deliveries += 1
            for of_service in told.resource_spans:
                known = {one.key: one.value.string_value for one in of_service.resource.attributes}
                for span in (s for scope in of_service.scope_spans for s in scope.spans):
                    kind = "child" if span.parent_span_id else "root"
                    self.spans[known.get("service.name", "?"), span.name, kind] += 1
                    self.attributes |= {one.key for one in span.attributes}

    def told(self) -> str:
        """Write what arrived as a table."""
        lines = [f"{self.deliveries} deliveries, {self.spans.total()} spans"]
        lines += [
            f"{count:6} {service:14} {kind:5} {name}"
            for (service, name, kind), count in sorted(self.spans.items())
        ]
        return "\n".join([*lines, "attributes: " + ", ".join(sorted(self.attributes))])


class Taking(BaseHTTPRequestHandler):
    """Answer as a collector does."""

    server: Counting

    def do_POST(self) -> None:
        """Take a delivery."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.count(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing of single deliveries."""


def main() -> None:
    """Listen for a while, then print what arrived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4318)
    parser.add_argument("--seconds", type=float, default=60.0)
    wanted = parser.parse_args()
    with Counting(wanted.port) as counting:
        serving = threading.Thread(target=counting.serve_forever)
        serving.start()
        serving.join(wanted.seconds)
        counting.shutdown()
        print(counting.told())


if __name__ == "__main__":
    main()
