"""Remember what runs: ports, process ids with the moment each process started. No passwords."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from app.embedded.errors import DataFolderError
from app.embedded.home import write_private
from app.embedded.ports import LOOPBACK
from app.embedded.processes import ProcessIdentity


@dataclass(frozen=True)
class Ports:
    """The port of each service; 0 stands for any free one."""

    backend: int = 5432
    ai: int = 5433
    redis: int = 6379
    api: int = 8000

    @classmethod
    def any(cls) -> Ports:
        """Return ports chosen at the start, for servers that must not meet others."""
        return cls(0, 0, 0, 0)


@dataclass
class State:
    """What was started last; whether it still runs is asked of the processes themselves."""

    listen: str = LOOPBACK
    ports: Ports = field(default_factory=Ports)
    phase: str = "stopped"  # then "starting" and "ready"
    supervisor: ProcessIdentity | None = None
    processes: dict[str, ProcessIdentity] = field(default_factory=dict)

    def supervisor_runs(self) -> bool:
        """Tell whether the command that started the services is still there."""
        return self.supervisor is not None and self.supervisor.is_alive()

    def save(self, path: Path) -> None:
        """Write the state in one step."""
        write_private(path, json.dumps(asdict(self), indent=2) + "\n")


def load_state(path: Path) -> State:
    """Return the remembered state, a fresh one where nothing was started yet.

    Raises DataFolderError for a file that cannot be understood.
    """
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State()
    except PermissionError as error:
        raise DataFolderError(
            f"{path} belongs to another user. Run the command as that user or with sudo, or set "
            "RECIPROCITY_HOME to a folder of your own."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataFolderError(
            f"{path} cannot be understood. Remove it: `reciprocity up` finds running servers by "
            "their data folders; an API or a worker that still runs must be stopped by hand."
        ) from error


def _parse(raw: dict[str, Any]) -> State:
    supervisor = raw["supervisor"]
    ports = {field_.name: int(raw["ports"][field_.name]) for field_ in fields(Ports)}
    return State(
        listen=str(raw["listen"]),
        ports=Ports(**ports),
        phase=str(raw["phase"]),
        supervisor=None if supervisor is None else _identity(supervisor),
        processes={str(name): _identity(one) for name, one in raw["processes"].items()},
    )


def _identity(raw: dict[str, Any]) -> ProcessIdentity:
    return ProcessIdentity(int(raw["pid"]), str(raw["started"]))
