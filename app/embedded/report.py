"""Say what runs on a data folder, for `reciprocity status`."""

from __future__ import annotations

from dataclasses import dataclass

from app.embedded.embedded import Embedded
from app.embedded.ports import LOOPBACK
from app.embedded.postgres import PostgresServer
from app.embedded.postmaster import is_stale
from app.embedded.processes import ProcessIdentity


@dataclass(frozen=True)
class ServiceReport:
    """One service: `running`, `stopped`, or `stale` where it should run and was killed."""

    name: str
    status: str
    address: str
    port: int | None
    pid: int | None
    log: str


def report(embedded: Embedded) -> list[ServiceReport]:
    """Return what is known of each service that was started on this folder last."""
    state = embedded.reload()
    lines = []
    for name, server in embedded.servers.items():
        left_over = name in state.processes or (
            isinstance(server, PostgresServer) and is_stale(server.data)
        )
        lines.append(_line(embedded, name, server.identity, server.port, left_over=left_over))
    for name in ("api", "worker"):
        identity = state.processes.get(name)
        if identity is not None:
            alive = identity if identity.is_alive() else None
            port = state.ports.api if name == "api" else None
            lines.append(_line(embedded, name, alive, port, left_over=True))
    return lines


def _line(
    embedded: Embedded,
    name: str,
    identity: ProcessIdentity | None,
    port: int | None,
    *,
    left_over: bool,
) -> ServiceReport:
    status = "running" if identity is not None else "stale" if left_over else "stopped"
    return ServiceReport(
        name,
        status,
        LOOPBACK if name in {"redis", "worker"} else embedded.state.listen,
        port or None,
        None if identity is None else identity.pid,
        str(embedded.home.logs / f"{name}.log"),
    )
