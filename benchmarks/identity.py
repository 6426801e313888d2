"""Measure what it costs that every new pooled connection says which database it reaches.

Run: env -u OPENBLAS_CORETYPE .venv/bin/python benchmarks/identity.py [CONNECTIONS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.adapters.migrations import migrate
from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.vector_types import register_vectors, vector_types
from app.databases import identity
from app.databases.connections import AIConnection, BackendConnection, DatabaseConnection
from app.embedded.embedded import Embedded
from app.embedded.home import temporary_home
from app.embedded.state import Ports
from app.settings import DatabaseSettings

Milliseconds = dict[str, list[float]]


def _timed(into: Milliseconds, name: str, act: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    made = act()
    into.setdefault(name, []).append((time.perf_counter() - begun) * 1e3)
    return made


def _row(connection: DatabaseConnection) -> None:
    identity.verified(connection)
    connection.commit()


def _lookup(ai: AIConnection) -> None:
    vector_types(ai)
    ai.commit()


def _one_database(
    adapter: PostgreSQLAdapter, kind: type[AIConnection | BackendConnection], count: int
) -> Milliseconds:
    """Connect `count` times as the pool does; on every second one read the marker's row as well."""
    found: Milliseconds = {}
    is_ai = issubclass(kind, AIConnection)
    door: Any = adapter._ai_door() if is_ai else adapter._backend_door()  # noqa: SLF001 - the pool hides what is measured
    first = door.open()
    marker = identity.verified(first)
    known = vector_types(first) if is_ai else None
    first.close()
    for number in range(count):
        connection = _timed(found, "connect", door.open)
        announced = _timed(found, "check", partial(identity.announces, connection, marker))
        if not announced:
            sys.exit("The database does not announce itself; nothing is measured.")
        if number % 2:
            _timed(found, "row", partial(_row, connection))
        if is_ai and known:
            _timed(found, "types", partial(register_vectors, connection, *known))
            if not number % 2:
                _timed(found, "lookup", partial(_lookup, connection))
        connection.close()
    return found


def main() -> None:
    """Print medians in milliseconds and the ratio of check to connect, for both databases."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with temporary_home() as home:
        servers = Embedded(home, broker=False)
        servers.start(ports=Ports.any())
        try:
            settings = DatabaseSettings.model_validate(servers.environment())
            adapter = PostgreSQLAdapter(settings)
            migrate(adapter, "development")
            print(f"{count} connections to each database over TCP on loopback, medians in ms")
            for kind in (AIConnection, BackendConnection):
                found = {
                    k: statistics.median(v) for k, v in _one_database(adapter, kind, count).items()
                }
                print(f"\n{kind.database.value}")
                print(f"  connect, with scram-sha-256           {found['connect']:8.3f}")
                print(f"  identity check (announced)            {found['check']:8.4f}")
                print(
                    f"  check / connect                       {found['check'] / found['connect']:8.2%}"
                )
                print(f"  reading the marker's row instead      {found['row']:8.3f}")
                if "types" in found:
                    print(f"  teaching pgvector's types, known      {found['types']:8.3f}")
                    print(f"  looking pgvector's types up instead   {found['lookup']:8.3f}")
            adapter.close()
        finally:
            servers.stop()


if __name__ == "__main__":
    main()
