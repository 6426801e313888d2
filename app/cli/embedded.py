"""The commands around the servers that come with the project: up, down, status, psql, env."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from app.embedded.account import Account
from app.embedded.embedded import Embedded
from app.embedded.errors import EmbeddedError, NotRunningError
from app.embedded.home import VARIABLE, default_home, make_folder, project_folder
from app.embedded.ports import LOOPBACK
from app.embedded.processes import ProcessIdentity, spawn
from app.embedded.provisioning import (
    AI_DATABASE,
    AI_PASSWORD,
    AI_USER,
    BACKEND_DATABASE,
    BACKEND_PASSWORD,
    BACKEND_SUPERUSER,
    client_environment,
)
from app.embedded.report import report
from app.embedded.supervisor import AlreadyRunningError, Supervisor, bring_down, reachable
from app.errors import ReciprocityError

P = ParamSpec("P")
R = TypeVar("R")
_DETACH_SECONDS = 180.0


def _plainly(function: Callable[P, R]) -> Callable[P, R]:
    """Turn our errors into a sentence and an exit code: a traceback helps nobody at a prompt."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ReciprocityError as error:
            raise click.ClickException(str(error)) from error

    return call


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value == "localhost":
        return LOOPBACK
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise click.BadParameter("it takes an IP address, such as 127.0.0.1 or 0.0.0.0") from None


def _say(line: str) -> None:
    click.echo(line)


def _known_home() -> Embedded:
    """Return the folder's servers; raise NotRunningError where nothing was ever started."""
    root = default_home()
    if not (root / "state.json").exists():
        raise NotRunningError(
            f"Nothing was ever started in {root}. Start it with `reciprocity up`, or set "
            f"{VARIABLE} to the folder you mean."
        )
    return Embedded(root)


@click.command()
@click.option("--detach", is_flag=True, help="Return when everything runs; stop it with `down`.")
@click.option(
    "--listen",
    default=LOOPBACK,
    callback=_address,
    metavar="ADDRESS",
    help="Let other machines in at this address. The documented passwords are public.",
)
@click.option("--any-port", is_flag=True, help="Take a free port where the usual one is taken.")
@click.option("--only-servers", is_flag=True, help="No migration, no API, no worker.")
@_plainly
def up(*, detach: bool, listen: str, any_port: bool, only_servers: bool) -> None:
    """Start both databases, Redis, the API and the worker, and keep them running.

    The first start makes the data folder. Ctrl-C stops everything. A second `up` finds the first.
    """
    embedded = Embedded(default_home(), say=_say)
    if detach:
        _start_detached(embedded, listen, any_port=any_port, only_servers=only_servers)
        return
    supervisor = (
        Supervisor(embedded, programs=[], migrate=None) if only_servers else Supervisor(embedded)
    )
    try:
        supervisor.run(listen=listen, any_port=any_port, on_ready=lambda: _announce(embedded))
    except AlreadyRunningError as answer:
        _say(str(answer))
        _print_addresses(embedded)


def _announce(embedded: Embedded) -> None:
    ours = embedded.environment()
    for variable in ("DATABASE_URL", "RECIPROCITY_BACKEND_DB_URL"):
        if os.environ.get(variable, ours[variable]) != ours[variable]:
            _say(
                f"{variable} of your shell names another server. What is started here uses the "
                'servers below; other commands of that shell do so after eval "$(reciprocity env)".'
            )
    _print_addresses(embedded)


def _print_addresses(embedded: Embedded) -> None:
    state = embedded.reload()
    host = reachable(state.listen)
    _say("")
    if "api" in state.processes:
        _say(f"  API       http://{host}:{state.ports.api}/docs")
    _say(f"  backend   {host}:{embedded.backend.port}  database {BACKEND_DATABASE}")
    _say(f"  AI        {host}:{embedded.ai.port}  database {AI_DATABASE}")
    if embedded.broker is not None:
        _say(f"  Redis     {LOOPBACK}:{embedded.broker.port}")
    _say(f"  data      {embedded.home.root}")
    _say('  In another shell: eval "$(reciprocity env)". Stop: Ctrl-C or `reciprocity down`.')


def _start_detached(embedded: Embedded, listen: str, *, any_port: bool, only_servers: bool) -> None:
    """Run the same command in a session of its own, show what it says, return when it is ready."""
    _ = embedded.servers  # what is missing on this machine is said here, not in a log
    log = embedded.home.logs / "up.log"
    make_folder(log.parent, 0o700)
    options = [f"--listen={listen}"]
    options += ["--any-port"] if any_port else []
    options += ["--only-servers"] if only_servers else []
    begin = log.stat().st_size if log.exists() else 0
    process = spawn(
        [sys.executable, "-m", "app.cli.main", "up", *options],
        folder=project_folder(),
        log=log,
        environment={**os.environ, VARIABLE: str(embedded.home.root), "PYTHONUNBUFFERED": "1"},
        account=Account.current(),
    )
    _follow(embedded, process, log, begin)


def _follow(embedded: Embedded, process: subprocess.Popen[bytes], log: Path, begin: int) -> None:
    identity = ProcessIdentity.of(process.pid)
    limit = time.monotonic() + _DETACH_SECONDS
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(begin)
        while time.monotonic() < limit:
            code, text = process.poll(), lines.read()
            click.echo(text, nl=False)
            if code is not None:
                click.echo(lines.read(), nl=False)
                if code != 0:
                    sys.exit(code)
                return
            state = embedded.reload()
            if state.phase == "ready" and state.supervisor == identity:
                time.sleep(0.1)
                click.echo(lines.read(), nl=False)
                return
            time.sleep(0.05)
    raise EmbeddedError(f"Not everything runs after {_DETACH_SECONDS:.0f} s. Look into {log}.")


@click.command()
@_plainly
def down() -> None:
    """Stop everything that runs on the data folder, whoever started it."""
    root = default_home()
    if not (root / "state.json").exists():
        _say(f"Nothing was ever started in {root}.")
        return
    _say("Everything is stopped." if bring_down(Embedded(root)) else f"Nothing runs in {root}.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
@_plainly
def status(*, as_json: bool) -> None:
    """Show each service; exit with 0 only where all of them run."""
    root = default_home()
    services = report(Embedded(root)) if (root / "state.json").exists() else []
    all_run = bool(services) and all(service.status == "running" for service in services)
    if as_json:
        document = {"home": str(root), "services": [asdict(service) for service in services]}
        _say(json.dumps(document, indent=2))
    else:
        for one in services:
            where = f"{one.address}:{one.port}" if one.port else ""
            process = f"process {one.pid}" if one.pid else ""
            _say(f"{one.name:<8}  {one.status:<8}  {where:<21}  {process}".rstrip())
        _say(f"data in {root}" if services else f"Nothing was ever started in {root}.")
    sys.exit(0 if all_run else 1)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("database", type=click.Choice(["ai", "backend"]))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@_plainly
def psql(database: str, arguments: tuple[str, ...]) -> None:
    """Open psql on the AI or the backend database; what follows is handed to psql."""
    embedded = _known_home()
    embedded.environment()  # says what does not run
    server = embedded.ai if database == "ai" else embedded.backend
    user, password, name = {
        "ai": (AI_USER, AI_PASSWORD, AI_DATABASE),
        "backend": (BACKEND_SUPERUSER, BACKEND_PASSWORD, BACKEND_DATABASE),
    }[database]
    program = str(server.binaries.program("psql"))
    command = [program, "-h", LOOPBACK, "-p", str(server.port), "-U", user, "-d", name, *arguments]
    os.execve(program, command, client_environment(password))  # noqa: S606 - the terminal is psql's from here on


@click.command()
@_plainly
def env() -> None:
    """Print the variables that point a shell at these servers: eval "$(reciprocity env)"."""
    for name, value in _known_home().environment().items():
        _say(f"export {name}={shlex.quote(value)}")


COMMANDS: list[click.Command] = [up, down, status, psql, env]
