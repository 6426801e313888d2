"""Between the look at a port and the start of its server another program may take it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from app.embedded import ports
from app.embedded.embedded import Embedded
from app.embedded.state import Ports
from tests.integration.embedded.conftest import THROW_AWAY


@pytest.mark.parametrize("service", ["redis", "ai"])
def test_a_port_that_was_lost_meanwhile_is_exchanged_for_another(
    home: Path, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    lost: list[int] = []

    with socket.create_server(("127.0.0.1", 0)) as quicker:
        taken = quicker.getsockname()[1]

        def claim(name: str, *arguments: Any, **options: Any) -> int:
            if name == f"the {service} server" and not lost:
                lost.append(int(taken))
                return int(taken)
            return ports.claim(name, *arguments, **options)

        monkeypatch.setattr("app.embedded.embedded.claim", claim)
        started = Embedded(home, settings=THROW_AWAY)
        started.start(ports=Ports.any())
        try:
            assert lost == [taken]
            assert all(server.is_running() for server in started.servers.values())
            assert started.servers[service].port != taken
        finally:
            started.stop()
