"""Start the real commands with mistakes in their environment: each must end with a status not zero."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from app.databases.names import Database
from app.embedded.home import project_folder
from app.score.ground import OTHER, Ground
from app.score.mistakes import Values
from app.score.model import Result, Wall
from app.score.starts import BROKER

COMMANDS: Final = {
    "serve": ("serve",),
    "worker": ("worker",),
    "migrate": ("migrate",),
    "import": ("import", "members.jsonl"),
    "matches": ("matches", "ann@example.com"),
    "match-sync": ("match-sync",),
}
_PATIENCE: Final = 60.0  # seconds; one that works on is ended and counts as missed
_FAMILY: Final = "a real process with a mistake in its environment"


def run(ground: Ground, every: int = 1) -> Iterator[Result]:
    """Run each command with each mistake; one in the settings must not even connect."""
    right = ground.environment()
    bad: list[tuple[str, str, Values]] = []
    for database in Database:
        name = database.variable
        rest = {key: value for key, value in right.items() if key != name}
        bad += [
            (name, f"{name} missing", rest),
            (name, f"{name} empty", {**rest, name: ""}),
            (name, f"{name} mistyped", {**rest, name[:-1]: right[name]}),
            (name, f"{name} twice", {**rest, name: rest[database.other.variable]}),
        ]
    port = str(ground.server(Database.BACKEND).port)
    short = right["DATABASE_URL"].replace(f":{ground.server(Database.AI).port}/", "/")
    bad.append(("PGPORT", "PGPORT", {**right, "DATABASE_URL": short, "PGPORT": port}))
    step = itertools.count()
    settings = [
        (command, *one)
        for command, one in itertools.product(COMMANDS, bad)
        if not next(step) % every
    ]
    mark = ground.mark()
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda job: _run(job[0], job[3]), settings))
    connected = ground.connected(mark)
    for (command, name, what, _), (status, said) in zip(settings, ended, strict=True):
        yield _result(command, what, "settings", status, said, name, reached=connected)
    ai, backend = (right[database.variable] for database in Database)
    other = ground.environment(OTHER)
    wrong = {
        "swapped": {"DATABASE_URL": backend, "RECIPROCITY_BACKEND_DB_URL": ai},
        "another pair's AI database": {**right, "DATABASE_URL": other["DATABASE_URL"]},
    }
    for command, (what, values) in itertools.product(COMMANDS, wrong.items()):
        if next(step) % every:
            continue
        mark = ground.mark()
        status, said = _run(command, values)
        touched = ground.touched(mark)
        yield _result(
            command, what, "identity", status, said, "DATABASE_URL", reached=bool(touched)
        )


def _result(
    command: str, what: str, wall: Wall, status: int, said: str, name: str, *, reached: bool
) -> Result:
    stopped = status not in (0, None) and name in said and "Traceback" not in said
    return Result(
        _FAMILY,
        f"{command}: {what}",
        wall if stopped else None,
        frozenset({"identity", "the server"} if wall == "settings" else {"the server"}),
        reached=reached,
        note=f"status {status}: {said.strip()[-300:]}",
    )


def _run(command: str, values: Values) -> tuple[int, str]:
    clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **clean,
            **BROKER,
            **values,
            "RECIPROCITY_ENV_FILE": str(Path(folder) / "none"),
            "API_PORT": "0",
        }
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "app.cli.main", *COMMANDS[command]],
                env=environment,
                cwd=project_folder(),
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 0, "it worked on"
    return ended.returncode, ended.stderr
